/// How much of a document the reader is willing to look at.
///
/// Every bound is a value, so that a service can tighten it and a tool for archives can widen it. The defaults keep
/// an ordinary reading under 64 MiB of memory whatever the size of the file.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// Bytes at the start in which `%PDF-` must be found. Origin: 1024, ISO 32000-1 Annex H.3 note 13.
    pub header_search: usize,
    /// Bytes at the end in which `startxref` must be found. Origin: Annex H.3 note 18 gives 1024 bytes for `%%EOF`;
    /// signing programs leave up to a few kilobytes behind it, so four times that.
    pub tail_search: usize,
    /// Cross-reference sections followed. Origin: our choice; a thousand saved changes are beyond any real document seen.
    pub sections: usize,
    /// Entries over all cross-reference sections (16 bytes of memory each). Origin: our choice, a quarter of the
    /// 8 388 607 objects of ISO 32000-1 Annex C.2.
    pub entries: usize,
    /// Bytes of one object outside of streams. Origin: our choice; the largest real ones are signature values of
    /// some megabytes of hexadecimal digits.
    pub object_bytes: usize,
    /// Values inside one object. Origin: our choice; page trees of 100 000 kids fit.
    pub object_nodes: usize,
    /// Arrays and dictionaries inside each other. Origin: qpdf stops at 499; real objects stay under 20.
    pub nesting: usize,
    /// References followed from one value to the next. Origin: our choice; more than two is unusual.
    pub reference_hops: usize,
    /// Bytes one stream may decode to. Origin: our choice, half of the 64 MiB a sealing may take.
    pub decoded_stream: usize,
    /// Bytes of decoded object streams kept for later look-ups. Origin: our choice.
    pub object_stream_cache: usize,
    /// Bytes of object streams decoded over the life of a document and of all that [`crate::Document::as_of`] gives of it,
    /// counted each time one is not in the cache. Origin: our choice, 32 streams of the largest size.
    pub object_streams_decoded: u64,
    /// Bytes of objects parsed out of object streams, over the same life. Origin: our choice; every object of a document of
    /// ten megabytes some tens of times.
    pub object_streams_parsed: u64,
    /// Values in all fields of one listing of the form. Origin: our choice; a field has some thirty.
    pub field_values: usize,
    /// Nodes visited in a page or field tree. Origin: our choice; the largest form seen has some thousand fields.
    pub tree_nodes: usize,
    /// Depth of a page or field tree. Origin: our choice; balanced trees stay under 10.
    pub tree_depth: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            header_search: 1024,
            tail_search: 4096,
            sections: 1024,
            entries: 2_097_152,
            object_bytes: 16 << 20,
            object_nodes: 262_144,
            nesting: 96,
            reference_hops: 32,
            decoded_stream: 32 << 20,
            object_stream_cache: 8 << 20,
            object_streams_decoded: 1 << 30,
            object_streams_parsed: 256 << 20,
            field_values: 1 << 20,
            tree_nodes: 131_072,
            tree_depth: 64,
        }
    }
}
