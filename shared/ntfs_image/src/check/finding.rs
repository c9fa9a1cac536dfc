//! One thing that is wrong.

use std::fmt;

/// A violation: which rule, where, what the rule asks, and what the volume holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The rule.
    pub kind: FindingKind,
    /// Where: record, attribute, block, offset.
    pub place: String,
    /// What the rule asks for.
    pub expected: String,
    /// What is there.
    pub found: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            kind,
            place,
            expected,
            found,
        } = self;
        write!(to, "{kind:?}: {place}: expected {expected}, found {found}")
    }
}

/// The rules. The letters are the rule's place in reference/ntfs.md, part 8, from where they are taken: `chkdsk`'s stages,
/// and the messages by which it is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum FindingKind {
    /// Metadata can be read.
    Unreadable,

    /// B2: the volume is as long as the disk that holds it, less one sector.
    VolumeLength,
    /// B3: the last sector holds a copy of the boot sector.
    BackupBootSector,
    /// $Boot owns the first 8192 bytes.
    BootFile,

    /// M0: $MFT's bitmap has a bit for each record.
    MftBitmapLength,
    /// M1: its bits beyond the last record are 0.
    MftBitmapTail,
    /// M2: $MFTMirr holds the first four records.
    Mirror,
    /// M3: a record starts with "FILE".
    RecordMagic,
    /// M4: the update sequence array fits the record.
    UpdateSequence,
    /// M5: the record was written whole.
    RecordTorn,
    /// M6: a record is in use when its bit in $MFT's bitmap is set.
    RecordUse,
    /// M7: it says how long it is.
    RecordAllocated,
    /// M8: its sequence number is not 0.
    RecordSequence,
    /// M9: it says which number it has.
    RecordNumber,
    /// M10: its attributes start behind the update sequence array.
    AttributesOffset,
    /// M11: its bytes in use end 8 bytes after the start of the end marker.
    RecordUsed,
    /// M12, M13: it has $STANDARD_INFORMATION of 48 or 72 bytes.
    StandardInformation,
    /// M14, M15: it is marked as a folder when it has an index $I30.
    FolderFlag,
    /// M16: it is marked as a view index when it has another index.
    ViewIndexFlag,
    /// M17: a file has an unnamed data stream, a folder has none.
    UnnamedData,
    /// M18: its link count is the number of its names.
    LinkCount,
    /// A record with a base is named in the base's attribute list.
    ExtensionRecord,
    /// An attribute list names every attribute once, in order, where it is.
    AttributeList,

    /// A1, A2: attributes are multiples of 8 long and lie, with all their parts, inside their record.
    AttributeLength,
    /// A3: their types are known.
    AttributeType,
    /// A4: they are sorted by type and name.
    AttributeOrder,
    /// No two have one type and name.
    AttributeTwice,
    /// A5: no two of a record have one id.
    AttributeId,
    /// A6: the next id is larger than all.
    AttributeIdNext,
    /// A7: name, value and runs start behind the header, aligned.
    AttributeOffset,
    /// A8: $FILE_NAME, and nothing else, is marked as indexed.
    IndexedFlag,
    /// A9: attributes that must lie in the record do, and $INDEX_ALLOCATION does not.
    Resident,

    /// R1, R6: run lists can be decoded and hold no empty runs.
    RunList,
    /// R2: runs have as many clusters as their attribute says.
    RunLength,
    /// R3: the allocated size is that of the clusters.
    AllocatedSize,
    /// R4: initialised size <= data size <= allocated size.
    SizeOrder,
    /// R5: no more clusters than the data needs. A note: Windows allocates ahead.
    OverAllocation,
    /// R7: only sparse and compressed attributes have holes.
    Hole,
    /// R8: runs lie inside the volume.
    RunOutside,

    /// C1: a cluster belongs to one attribute.
    DoubleAllocation,
    /// C2: $Bitmap has a bit for each cluster.
    BitmapLength,
    /// C3: a cluster that is marked used belongs to somebody.
    ClusterLost,
    /// C4: a cluster that belongs to somebody is marked used.
    ClusterUnmarked,
    /// C5: bits of $Bitmap beyond the last cluster are 1.
    BitmapTail,

    /// I1: index blocks have the size that the boot sector says.
    IndexBlockSize,
    /// I2: an index says what it indexes and how it is ordered.
    IndexCollation,
    /// I3: an index's bitmap has a bit for each block.
    IndexBitmapLength,
    /// I4, I11, I20: its bits are those of the blocks that the tree reaches.
    IndexBitmap,
    /// I5, I6, I7: the entries lie inside their node, and their parts inside them.
    IndexEntry,
    /// I8: entries have sub-nodes when their node says so.
    SubNodeFlag,
    /// I9: sub-nodes are blocks of the index.
    IndexChild,
    /// I10: a block is the sub-node of one entry.
    IndexChildTwice,
    /// I12: a block starts with "INDX".
    IndexBlockMagic,
    /// I13: a block was written whole.
    IndexBlockTorn,
    /// I14: a block says which number it has.
    IndexBlockNumber,
    /// I15: a node's space ends where it ends.
    IndexAllocated,
    /// I16, I17: a node ends with its end entry.
    IndexEnd,
    /// I18: keys are as long as they must be.
    KeyLength,
    /// I19: all leaves are on one level.
    IndexBalance,
    /// A node below the root has keys. A note.
    IndexEmptyNode,
    /// I21: keys ascend through the whole tree.
    KeyOrder,

    /// X1: a name leads to a record in use.
    DanglingEntry,
    /// X2: to its present use.
    EntrySequence,
    /// X3: an entry says in which folder it is.
    EntryParent,
    /// X4: an entry's name is one that the file itself has.
    EntryName,
    /// X5: it has the file's sizes. A note for files with several links, of which only the one used last is brought up to
    /// date, and for the allocated size, which ntfs-3g leaves behind.
    EntrySizes,
    /// X6: it says whether it leads to a folder.
    EntryFolderFlag,
    /// X7: it has the file's times. A note for the times of changes, which Windows leaves behind.
    EntryTimes,
    /// X8: each name of a file is in the folder that it names.
    Orphan,
    /// X8: once.
    IndexedTwice,
    /// X9: folders lead to the root.
    Unreachable,

    /// N1: names have 1 to 255 units, in a known namespace.
    NameLength,
    /// N2: Windows allows all their characters. A note for POSIX names, where only `/` and NUL are wrong.
    NameCharacter,
    /// N3: they do not end in a blank or dot. A note for POSIX names.
    NameEnding,
    /// They are not a device's. A note for POSIX names.
    DeviceName,
    /// N4: short names are 8.3.
    ShortName,
    /// N5: a short name has a long one; a long name alone is a note.
    NamePair,
    /// Names of one folder differ in more than case. A note for POSIX names.
    CaseTwins,

    /// Q1: a security descriptor says where in $SDS it is.
    SecurityOffset,
    /// Q2: its hash is right.
    SecurityHash,
    /// Q3: each 256 KiB of $SDS have their copy.
    SecurityMirror,
    /// Q4: $SII and $SDH lead to what is in $SDS, all of it.
    SecurityIndex,
    /// Q5: a file's security descriptor exists.
    SecurityId,
    /// Security descriptors are well-formed.
    SecurityDescriptor,
    /// Each is used. A note.
    SecurityUnused,

    /// S1: $Bitmap is not resident.
    BitmapResident,
    /// S2: $BadClus:$Bad is as long as the volume.
    BadClusters,
    /// S3: $AttrDef defines the known attributes.
    AttributeDefinitions,
    /// $Extend has $ObjId, $Quota and $Reparse, marked as view indexes.
    Extend,
    /// U1: $UpCase has 65,536 units.
    UpCaseLength,
    /// U2: it maps letters to letters.
    UpCaseTable,
    /// U3: it has the checksum that is kept beside it.
    UpCaseChecksum,
    /// V1: the volume has version 3.1.
    VolumeVersion,
    /// V2: it is not marked as dirty, nor as half changed.
    VolumeFlags,
    /// L1: the log is empty, or begins with a restart page that knows its length.
    LogFile,
    /// The log holds nothing to be done. A note.
    LogPending,
}
