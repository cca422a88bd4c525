use core::fmt;

/// The serial number of a certificate of ours: sixteen octets, fifteen of them random.
///
/// The leading octet is fixed, so that the DER INTEGER is always positive and always sixteen octets long (RFC 5280
/// 4.1.2.2 allows up to twenty) and a size worked out before issuing stays true. 120 random bits make the number
/// unpredictable; that it is *unique* is for [`IssuedCertificates::reserve`](crate::IssuedCertificates::reserve) to say.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SerialNumber([u8; 16]);

impl SerialNumber {
    /// The fixed first octet.
    pub const LEADING_OCTET: u8 = 0x5e;

    /// A new serial number from fifteen random octets. The caller answers for their quality.
    pub fn from_random(random: [u8; 15]) -> Self {
        let mut octets = [Self::LEADING_OCTET; 16];
        for (to, from) in octets.iter_mut().skip(1).zip(random) {
            *to = from;
        }
        Self(octets)
    }

    /// A serial number read back from where it was kept; `None` when [`from_random`](Self::from_random) cannot have
    /// made it.
    pub fn from_octets(octets: [u8; 16]) -> Option<Self> {
        (octets.first() == Some(&Self::LEADING_OCTET)).then_some(Self(octets))
    }

    /// The same from the content octets of a DER INTEGER, as a certificate, a CRL entry or a CertID carries them.
    pub fn from_der_content(content: &[u8]) -> Option<Self> {
        Self::from_octets(content.try_into().ok()?)
    }

    /// The sixteen octets, which are also the content octets of the DER INTEGER.
    pub fn as_octets(&self) -> &[u8; 16] {
        &self.0
    }
}

impl fmt::Display for SerialNumber {
    /// Lower-case hexadecimal without separators.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|octet| write!(f, "{octet:02x}"))
    }
}

impl fmt::Debug for SerialNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SerialNumber({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_positive_and_sixteen_octets_whatever_the_random_octets_are() {
        for random in [[0; 15], [0xff; 15]] {
            let serial = SerialNumber::from_random(random);
            assert!(serial.as_octets()[0] > 0 && serial.as_octets()[0] < 0x80);
            assert_eq!(SerialNumber::from_der_content(serial.as_octets()), Some(serial));
        }
        assert_eq!(SerialNumber::from_octets([0; 16]), None);
        assert_eq!(SerialNumber::from_der_content(&[0x5e; 17]), None);
        assert_eq!(SerialNumber::from_random([0; 15]).to_string(), "5e000000000000000000000000000000");
    }
}
