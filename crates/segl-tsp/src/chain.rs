use segl_path::{Anchors, NoPath, Parameters, Path, Pool, Purpose};
use segl_x509::Certificate;

use crate::client::Accepted;

impl Accepted {
    /// Finds the unit's chain to one of the anchors, valid at the token's time (RFC 5280, 6.1).
    ///
    /// Issuers are looked for in the token and among `others`. Revocation is not known here: a validator asks for it.
    ///
    /// # Errors
    /// [`NoPath`] with every way that was tried.
    pub fn chain(&self, anchors: &Anchors, others: &[Certificate]) -> Result<Path, NoPath> {
        let pool: Pool = self.token().certificates().chain(others.iter().cloned()).collect();
        let parameters = Parameters::at(self.token().info().time()).purpose(Purpose::TimeStamping);
        segl_path::find(self.certificate(), &pool, anchors, &parameters)
    }
}
