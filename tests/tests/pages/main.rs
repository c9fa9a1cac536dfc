//! The page in a real browser: with the agent behind it, and from one file with neither agent nor network.

mod compared;
mod data_set;
mod hand_over;
mod hash_list;
mod homecoming;
mod ledger;
mod long_tree;
mod newcomer;
mod plan;
mod question;
mod receive;
mod report;
mod spare;
mod storage;
