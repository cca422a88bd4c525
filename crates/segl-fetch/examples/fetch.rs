//! Fetches a CRL, or the certificates at a caIssuers address, and says what it is.
//!
//! ```sh
//! cargo run -p segl-fetch --features https --example fetch -- http://pki.example.com/root.crl
//! ```

use std::error::Error;
use std::time::SystemTime;

use segl_crypto::Time;
use segl_fetch::{Ask, Fetcher, HttpOptions, HttpTransport, read_certificates};
use segl_revocation::CrlView;

fn main() -> Result<(), Box<dyn Error>> {
    let url = std::env::args().nth(1).ok_or("say which address")?;
    let now = Time::from(SystemTime::now());
    let fetcher = Fetcher::new(HttpTransport::new(HttpOptions::new())?, ());
    if url.ends_with(".crl") {
        let fetched = fetcher.fetch(&Ask::crl(url), now)?;
        let crl = CrlView::from_der(&fetched.octets)?;
        println!("CRL of {}, {} octets", crl.issuer(), fetched.octets.len());
        println!("this update {}", crl.this_update());
        if let Some(next) = crl.next_update() {
            println!("next update {next}{}", if next < now { ", which is over" } else { "" });
        }
        return Ok(());
    }
    let fetched = fetcher.fetch(&Ask::certificates(url), now)?;
    for certificate in read_certificates(&fetched.octets)? {
        println!("certificate of {}, valid until {}", certificate.subject(), certificate.not_after());
    }
    Ok(())
}
