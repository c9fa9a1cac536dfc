//! The elements that a manifest has for each kind.

use super::blocks::BlobKind;

/// The element of a file, and the one inside it that says where the file goes.
///
/// No manifest of an import into Azure Files is public: these are the words of the same tool's log
/// (azure-import-export.md, 4.2). They stand in the list of the session, between its blobs.
pub(super) const fn entry_tags(kind: BlobKind) -> (&'static str, &'static str) {
    match kind {
        BlobKind::Block | BlobKind::Page => ("Blob", "BlobPath"),
        BlobKind::File => ("File", "FileStoragePath"),
    }
}

/// The end of a file.
pub(super) const fn entry_end(kind: BlobKind) -> &'static str {
    match kind {
        BlobKind::Block | BlobKind::Page => "      </Blob>\r\n",
        BlobKind::File => "      </File>\r\n",
    }
}

/// The line before the ranges of a file, or behind them.
pub(super) const fn list_tag(kind: BlobKind, end: bool) -> &'static str {
    match (kind, end) {
        (BlobKind::Block, false) => "        <BlockList>\r\n",
        (BlobKind::Block, true) => "        </BlockList>\r\n",
        (BlobKind::Page, false) => "        <PageRangeList>\r\n",
        (BlobKind::Page, true) => "        </PageRangeList>\r\n",
        (BlobKind::File, false) => "        <FileRangeList>\r\n",
        (BlobKind::File, true) => "        </FileRangeList>\r\n",
    }
}
