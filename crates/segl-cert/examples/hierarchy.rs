//! Writes a TEST hierarchy and one seal certificate of each kind into a folder, for a linter or another program to read.
//!
//!     cargo run -p segl-cert --example hierarchy -- FOLDER

use std::{error::Error, fs, path::PathBuf};

use segl_cert::{
    AuthorityNames, AuthorityProfile, AuthorityRole, AuthorityUrls, Device, Holder, Lifetime, Organisation,
    OrganisationIdentifier, SealProfile, SerialNumber, Unit,
};
use segl_crypto::{SoftKind, SoftwareKey, Time};
use segl_x509::Certificate;

fn main() -> Result<(), Box<dyn Error>> {
    let folder = PathBuf::from(std::env::args().nth(1).ok_or("give a folder")?);
    fs::create_dir_all(&folder)?;
    let now = Time::from(std::time::SystemTime::now());
    let urls = AuthorityUrls::new("http://pki.example.com")?;
    let names = AuthorityNames::test()?;
    let write = |name: &str, certificate: &Certificate| fs::write(folder.join(name), certificate.as_der());

    let (root_key, ca_key) = (key(SoftKind::EcP384), key(SoftKind::EcP384));
    let issue = |role, issuer: Option<&Certificate>, own: &SoftwareKey, signer: &SoftwareKey| {
        let prepared = AuthorityProfile::new(role, &names, &urls).prepare(
            issuer,
            &own.public_key_spki()?,
            &serial()?,
            now,
        )?;
        let signature = signer.sign(prepared.to_be_signed())?;
        Ok::<_, Box<dyn Error>>(prepared.assemble_verified(&signature)?)
    };
    let root = issue(AuthorityRole::Root, None, &root_key, &root_key)?;
    let ca = issue(AuthorityRole::IssuingCa, Some(&root), &ca_key, &root_key)?;
    let unit = issue(AuthorityRole::TimeStampUnit, Some(&root), &key(SoftKind::EcP384), &root_key)?;
    let responder = issue(AuthorityRole::OcspResponder, Some(&ca), &key(SoftKind::EcP256), &ca_key)?;
    write("root.cer", &root)?;
    write("ca.cer", &ca)?;
    write("tsu.cer", &unit)?;
    write("ocsp.cer", &responder)?;

    let identifier = OrganisationIdentifier::parse("NTRDK-00000001")?;
    let organisation = Organisation::new("DK", "TEST Example Municipality", identifier)?;
    let holder = Holder::new(organisation, Unit::new("TEST Example Municipality Seal")?);
    let profile = |lifetime| SealProfile::new(holder.clone(), lifetime, &urls);
    for (name, profile, device) in [
        ("seal-12h.cer", profile(Lifetime::Hours12), Device::Other),
        ("seal-10d.cer", profile(Lifetime::Days10), Device::Other),
        ("seal-12h-assured.cer", profile(Lifetime::Hours12).validity_assured(), Device::Other),
        ("seal-10d-qscd.cer", profile(Lifetime::Days10).device(Device::Qualified), Device::Qualified),
    ] {
        let presented = profile.present(&ca)?;
        println!("{}\n", presented.content());
        let seen = *presented.content().sha256();
        let spki = key(SoftKind::EcP256).public_key_spki()?;
        let prepared = presented.approve(&seen)?.prepare(&spki, device, &serial()?, now)?;
        let signature = ca_key.sign(prepared.to_be_signed())?;
        write(name, &prepared.assemble(&signature)?)?;
    }
    Ok(())
}

fn key(kind: SoftKind) -> SoftwareKey {
    SoftwareKey::generate(kind, &mut getrandom::rand_core::UnwrapErr(getrandom::SysRng))
}

fn serial() -> Result<SerialNumber, getrandom::Error> {
    let mut random = [0; 15];
    getrandom::fill(&mut random)?;
    Ok(SerialNumber::from_random(random))
}
