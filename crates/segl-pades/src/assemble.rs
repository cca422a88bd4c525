//! A prepared update and its signature to the bytes that are appended.

use segl_pdf::Appendix;

use crate::{AssembleError, Prepared};

impl Prepared {
    /// Puts a CMS or a time-stamp token into its place; the rest of the space stays zero.
    ///
    /// What the bytes are is not looked at.
    ///
    /// # Errors
    /// When they are more than there is room for, or none.
    pub fn assemble(self, cms: &[u8]) -> Result<Appendix, AssembleError> {
        if cms.is_empty() {
            return Err(AssembleError::Empty);
        }
        let reserved = self.reserved();
        let mut appendix = self.appendix;
        if cms.len() > reserved
            || !appendix.write_hexadecimal_over(self.contents.start.saturating_add(1), cms)
        {
            return Err(AssembleError::DoesNotFit { len: cms.len(), reserved });
        }
        Ok(appendix)
    }
}
