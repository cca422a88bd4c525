//! Makes a TEST authority and a seal certificate in a folder, with status and a time-stamp, for other programs to judge.
//!
//!     cargo run -p segl-authority --example test_authority -- FOLDER

use std::{error::Error, fs, path::PathBuf};

use segl_authority::{AuthorityKeys, TestAuthority};
use segl_cert::{
    AuthorityNames, AuthorityUrls, Holder, IssuedCertificates, Lifetime, MemoryRegister, Organisation,
    OrganisationIdentifier, Revocation, SealProfile, SerialNumber, Unit,
};
use segl_crypto::{DigestAlgorithm, Time, digest};
use segl_key::{Curve, KeyId, KeyRequest, OneShotKey, SoftToken};

fn main() -> Result<(), Box<dyn Error>> {
    let folder = PathBuf::from(std::env::args().nth(1).ok_or("give a folder")?);
    fs::create_dir_all(&folder)?;
    let write = |name: &str, bytes: &[u8]| fs::write(folder.join(name), bytes);
    let mut rng = rand_core::UnwrapErr(getrandom::SysRng);
    let now = Time::from(std::time::SystemTime::now());
    let register = MemoryRegister::default();
    let urls = AuthorityUrls::new("http://pki.example.com")?;

    let keys = AuthorityKeys::generate_soft(&mut rng)?;
    let authority = TestAuthority::create(&AuthorityNames::test()?, &urls, keys, &register, now, &mut rng)?;
    let material = authority.material();
    write("root.cer", material.root.as_der())?;
    write("ca.cer", material.issuing_ca.as_der())?;
    write("tsu.cer", material.time_stamp_unit.as_der())?;
    write("ocsp.cer", material.ocsp_responder.as_der())?;
    write("root.crl", material.root_crl.as_der())?;

    let identifier = OrganisationIdentifier::parse("NTRDK-00000001")?;
    let organisation = Organisation::new("DK", "TEST Example Municipality", identifier)?;
    let holder = Holder::new(organisation, Unit::new("TEST Example Municipality Seal")?);
    let mut seal = |name: &str, id: u8| {
        let presented = authority.present(&SealProfile::new(holder.clone(), Lifetime::Days10, &urls))?;
        let seen = *presented.content().sha256();
        let request = KeyRequest::new(Curve::P256, KeyId([id; 16]), [id; 16]).for_content(seen);
        let key = OneShotKey::generate(SoftToken::new(rand_core::UnwrapErr(getrandom::SysRng)), &request)?;
        let certificate =
            authority.issue(presented.approve(&seen)?, key.receipt(), now, &register, now, &mut rng)?;
        write(name, certificate.as_der())?;
        Ok::<_, Box<dyn Error>>(certificate)
    };
    let certificate = seal("seal.cer", 1)?;
    let revoked = seal("revoked.cer", 2)?;
    let serial = SerialNumber::from_der_content(revoked.serial()).ok_or("not a serial number of ours")?;
    register.revoke(authority.issuing_ca().identity(), &serial, Revocation { at: now, reason: Some(1) })?;

    write("seal.ors", authority.ocsp(&certificate, &register, now)?.as_der())?;
    write("revoked.ors", authority.ocsp(&revoked, &register, now)?.as_der())?;
    write("ca.crl", authority.ca_crl(&register, now)?.as_der())?;
    let imprint = digest(DigestAlgorithm::Sha256, b"a document").ok_or("no SHA-256")?;
    let request = segl_tsp::request(&imprint, &[7; 16]);
    write("document.txt", b"a document")?;
    write("document.tsr", &authority.stamp(&request.to_der(), &[1; 16], now))?;
    Ok(())
}
