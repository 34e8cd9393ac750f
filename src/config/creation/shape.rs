//! What sops decodes a `.sops.yaml` into: the fields that it knows, and what may stand in each.

use crate::document::yaml::decode::{Field, Shape};

const fn field(name: &'static str, shape: &'static Shape) -> Field {
    Field { name, shape }
}

static TEXTS: Shape = Shape::List(&Shape::Text);

/// The whole file.
pub(super) static FILE: Shape = Shape::Record(&[
    field("creation_rules", &RULES),
    field("destination_rules", &DESTINATIONS),
    field("stores", &STORES),
]);

static RULES: Shape = Shape::List(&RULE);

static RULE: Shape = Shape::Record(&[
    field("path_regex", &Shape::Text),
    field("kms", &Shape::Any),
    field("aws_profile", &Shape::Text),
    field("age", &Shape::Any),
    field("pgp", &Shape::Any),
    field("gcp_kms", &Shape::Any),
    field("hckms", &TEXTS),
    field("azure_keyvault", &Shape::Any),
    field("hc_vault_transit_uri", &Shape::Any),
    field("key_groups", &GROUPS),
    field("shamir_threshold", &Shape::Int),
    field("unencrypted_suffix", &Shape::Text),
    field("encrypted_suffix", &Shape::Text),
    field("unencrypted_regex", &Shape::Text),
    field("encrypted_regex", &Shape::Text),
    field("unencrypted_comment_regex", &Shape::Text),
    field("encrypted_comment_regex", &Shape::Text),
    field("mac_only_encrypted", &Shape::Bool),
]);

static GROUPS: Shape = Shape::List(&GROUP);

static GROUP: Shape = Shape::Record(&[
    field("merge", &GROUPS),
    field("kms", &Shape::List(&KMS)),
    field("gcp_kms", &Shape::List(&GCP_KMS)),
    field("hckms", &Shape::List(&HCKMS)),
    field("azure_keyvault", &Shape::List(&AZURE)),
    field("hc_vault", &TEXTS),
    field("age", &TEXTS),
    field("pgp", &TEXTS),
]);

static KMS: Shape = Shape::Record(&[
    field("arn", &Shape::Text),
    field("role", &Shape::Text),
    field("context", &Shape::Texts),
    field("aws_profile", &Shape::Text),
]);

static GCP_KMS: Shape = Shape::Record(&[field("resource_id", &Shape::Text)]);

static HCKMS: Shape = Shape::Record(&[field("key_id", &Shape::Text)]);

static AZURE: Shape = Shape::Record(&[
    field("vaultUrl", &Shape::Text),
    field("key", &Shape::Text),
    field("version", &Shape::Text),
]);

static DESTINATIONS: Shape = Shape::List(&DESTINATION);

static DESTINATION: Shape = Shape::Record(&[
    field("path_regex", &Shape::Text),
    field("s3_bucket", &Shape::Text),
    field("s3_prefix", &Shape::Text),
    field("gcs_bucket", &Shape::Text),
    field("gcs_prefix", &Shape::Text),
    field("vault_path", &Shape::Text),
    field("vault_address", &Shape::Text),
    field("vault_kv_mount_name", &Shape::Text),
    field("vault_kv_version", &Shape::Int),
    field("recreation_rule", &RULE),
    field("omit_extensions", &Shape::Bool),
]);

static INDENT: Shape = Shape::Record(&[field("indent", &Shape::Int)]);

static STORES: Shape = Shape::Record(&[
    field("dotenv", &Shape::Record(&[])),
    field("ini", &Shape::Record(&[])),
    field("json_binary", &INDENT),
    field("json", &INDENT),
    field("yaml", &INDENT),
]);
