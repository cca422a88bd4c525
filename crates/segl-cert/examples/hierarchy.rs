//! Writes a TEST hierarchy and one seal, signature and website certificate of each kind into a folder, for a linter or another program to read.
//!
//!     cargo run -p segl-cert --example hierarchy -- FOLDER

use std::{error::Error, fs, path::PathBuf};

use segl_cert::{
    Address, AuthorityNames, AuthorityProfile, AuthorityRole, AuthorityUrls, BusinessCategory, Currency,
    Device, Holder, IdentificationMethod, LastingSealProfile, Lifetime, Organisation, OrganisationIdentifier,
    Person, PersonIdentifier, PersonName, PersonSerial, PspRole, SealProfile, SerialNumber, SignatureProfile,
    Terms, Unit, Validity, WebsiteProfile, WebsiteSubject, WebsiteValidation,
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
    let mut contents = Vec::new();
    for (name, profile, device) in [
        ("seal-12h.cer", profile(Lifetime::Hours12), Device::Other),
        ("seal-10d.cer", profile(Lifetime::Days10), Device::Other),
        ("seal-12h-assured.cer", profile(Lifetime::Hours12).validity_assured(), Device::Other),
        ("seal-10d-qscd.cer", profile(Lifetime::Days10).device(Device::Qualified), Device::Qualified),
    ] {
        contents.push((name, profile.present(&ca)?, device));
    }
    // A key that is kept, with limits, and authorised for payment services.
    let psd = OrganisationIdentifier::parse("PSDDK-DFSA-1234")?;
    let bank = Organisation::new("DK", "TEST Example Bank", psd)?;
    let terms = Terms::new(&urls)
        .limit(Currency::Alphabetic("DKK".to_owned()), 5, 6)
        .retention_years(10)
        .identified_by(IdentificationMethod::Eidas2B)
        .payment_services(&[PspRole::AccountInformation], "Finanstilsynet", "DK-DFSA");
    let seal = LastingSealProfile::new(
        Holder::new(bank.clone(), Unit::new("TEST Example Bank Payments")?),
        Validity::days(730),
        terms.clone(),
    );
    contents.push(("seal-2y-psd2.cer", seal.present(&ca)?, Device::Qualified));

    let name = PersonName::Formal {
        given_name: Some("Karen Test".to_owned()),
        surname: Some("Jespersen".to_owned()),
    };
    let serial_number = PersonSerial::Identifier(PersonIdentifier::parse("PASDK-P3000180")?);
    let owner_of_site = Person::new("DK", name, "TEST Karen Jespersen")?;
    let karen = owner_of_site.clone().serial_number(serial_number)?;
    let bee = Person::new("DK", PersonName::Pseudonym("TEST Bee".to_owned()), "TEST Bee")?;
    let plain = Terms::new(&urls);
    let signature = |person: &Person, terms: &Terms| {
        SignatureProfile::new(person.clone(), Validity::days(730), terms.clone())
    };
    let limited = plain.clone().purpose_limit("Only for invoices.");
    contents.push(("signature.cer", signature(&karen, &plain).present(&ca)?, Device::Other));
    contents.push(("signature-limited.cer", signature(&karen, &limited).present(&ca)?, Device::Other));
    let pseudonym = signature(&bee, &plain).device(Device::Qualified).present(&ca)?;
    contents.push(("signature-pseudonym-qscd.cer", pseudonym, Device::Qualified));

    let address = Address::new("Aarhus", "Region Midtjylland")?;
    let site = |subject, terms: &Terms| {
        WebsiteProfile::new(subject, address.clone(), Validity::days(90), terms.clone())
            .domain("www.example.com")
    };
    let owner = || WebsiteSubject::Organisation(holder.organisation().clone());
    let extended = WebsiteValidation::Extended(BusinessCategory::GovernmentEntity);
    contents.push(("web-ov.cer", site(owner(), &plain).present(&ca)?, Device::Other));
    contents.push(("web-ev.cer", site(owner(), &plain).validation(extended).present(&ca)?, Device::Other));
    let general = site(owner(), &plain).validation(WebsiteValidation::General);
    contents.push(("web-general.cer", general.present(&ca)?, Device::Other));
    contents.push((
        "web-iv.cer",
        site(WebsiteSubject::Person(owner_of_site), &plain).present(&ca)?,
        Device::Other,
    ));
    let psd2 = site(WebsiteSubject::Organisation(bank), &terms).validation(WebsiteValidation::General);
    contents.push(("web-psd2.cer", psd2.present(&ca)?, Device::Other));

    for (name, presented, device) in contents {
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
