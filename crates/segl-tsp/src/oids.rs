use const_oid::ObjectIdentifier;

/// `esi4-qtstStatement-1`: the token claims to be a qualified one, EN 319 422, 9.1.
pub const QUALIFIED_TIMESTAMP: ObjectIdentifier = ObjectIdentifier::new_unwrap("0.4.0.19422.1.1");
/// The best practices time-stamp policy, EN 319 421, 5.2.
pub const BEST_PRACTICES_POLICY: ObjectIdentifier = ObjectIdentifier::new_unwrap("0.4.0.2023.1.1");
