//! Manifests as kustomize, KSOPS, Flux and Argo CD read them, as far as they name files.
//!
//! One type holds the fields of all of them: what has another shape belongs to somebody else. Fields
//! that are not named here are passed over.

use serde::{Deserialize, Deserializer};

use super::places::Places;
use super::{MAX_MENTIONS, Mention, Part, Role};
use crate::source::Source;

/// The group of KSOPS's generators.
pub(super) const KSOPS_GROUP: &str = "viaduct.ai/";

/// The group of Flux's Kustomizations.
pub(super) const FLUX_GROUP: &str = "kustomize.toolkit.fluxcd.io/";

/// The group of Argo CD's Applications.
pub(super) const ARGO_GROUP: &str = "argoproj.io/";

/// The kinds that KSOPS has answered to.
const KSOPS_KINDS: [&str; 2] = ["ksops", "ksops-exec"];

/// The most documents of a file that are read.
const MAX_DOCUMENTS: usize = 1_000;

/// How far aliases may blow up a file: their number times its length. Each may stand for as much as
/// the whole file, and a file that somebody wrote has few.
const MAX_BLOWN_UP: usize = 1 << 20;

/// How many collections in brackets a file may open: the crate takes a time that grows with the square
/// of how deep they lie in each other.
const MAX_BRACKETS: usize = 1_000;

/// What the documents of a file say.
pub(super) fn parts(source: &Source, is_kustomization: bool) -> Vec<Part> {
    let mut reader = Reader {
        places: Places::of(source),
        left: MAX_MENTIONS,
    };
    let manifests = manifests(source.text());
    let parts = manifests
        .into_iter()
        .filter_map(|manifest| reader.part(manifest, is_kustomization));
    parts.collect()
}

/// The documents of a text that have the shape of manifests; none of one that is made to be a burden.
fn manifests(text: &str) -> Vec<Manifest> {
    if is_burden(text) {
        return Vec::new();
    }
    serde_yaml::Deserializer::from_str(text)
        .take(MAX_DOCUMENTS)
        .filter_map(|document| Manifest::deserialize(document).ok())
        .collect()
}

fn is_burden(text: &str) -> bool {
    let aliases = memchr::memchr_iter(b'*', text.as_bytes()).count();
    let brackets = memchr::memchr2_iter(b'[', b'{', text.as_bytes()).count();
    brackets > MAX_BRACKETS || aliases.saturating_mul(text.len()) > MAX_BLOWN_UP
}

/// A document of any of those kinds.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Manifest {
    api_version: Option<String>,
    kind: Option<String>,
    // KSOPS
    files: Strings,
    secret_from: List<Contents>,
    secret_from_template: List<FromTemplate>,
    // kustomize
    generators: Strings,
    resources: Strings,
    bases: Strings,
    components: Strings,
    crds: Strings,
    configurations: Strings,
    transformers: Strings,
    validators: Strings,
    patches: List<Patch>,
    #[serde(rename = "patchesJson6902")]
    json_patches: List<Patch>,
    replacements: List<Patch>,
    #[serde(rename = "patchesStrategicMerge")]
    merge_patches: Strings,
    secret_generator: List<Contents>,
    config_map_generator: List<Contents>,
    helm_charts: List<Chart>,
    // Flux and Argo CD
    spec: Option<Spec>,
}

/// What becomes the content of a Secret or a ConfigMap.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Contents {
    files: Strings,
    binary_files: Strings,
    envs: Strings,
    env: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct FromTemplate {
    template: Contents,
    vars: Contents,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Patch {
    path: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Chart {
    values_file: Option<String>,
    additional_values_files: Strings,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Spec {
    /// Flux's.
    path: Option<String>,
    /// Argo CD's.
    source: Option<Patch>,
    sources: List<Patch>,
    template: Option<Template>,
}

/// The Application that an ApplicationSet makes.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Template {
    spec: Option<TemplateSpec>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct TemplateSpec {
    source: Option<Patch>,
    sources: List<Patch>,
}

/// A list of which nothing may be there: a key without a value, an empty item.
struct List<T>(Vec<T>);

/// Names of files.
type Strings = List<String>;

impl<T> Default for List<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for List<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let items = Option::<Vec<Option<T>>>::deserialize(deserializer)?;
        Ok(Self(items.into_iter().flatten().flatten().collect()))
    }
}

/// Makes parts of manifests.
struct Reader<'s> {
    places: Places<'s>,
    /// How many more files may be named.
    left: usize,
}

impl Reader<'_> {
    fn part(&mut self, manifest: Manifest, is_kustomization: bool) -> Option<Part> {
        let group = manifest.api_version.as_deref().unwrap_or_default();
        let kind = manifest.kind.as_deref().unwrap_or_default();
        if group.starts_with(KSOPS_GROUP) && KSOPS_KINDS.contains(&kind) {
            return Some(Part::Ksops(self.ksops(manifest)));
        }
        if group.starts_with(FLUX_GROUP) {
            let path = (kind == "Kustomization").then_some(manifest.spec)?;
            return Some(Part::Folder(path?.path.unwrap_or_default()));
        }
        if group.starts_with(ARGO_GROUP) {
            return self.argo(kind, manifest.spec?);
        }
        let is_ours = matches!(kind, "" | "Kustomization" | "Component");
        (is_kustomization && is_ours).then(|| self.kustomization(manifest))
    }

    fn ksops(&mut self, manifest: Manifest) -> Vec<Mention> {
        let mut mentions = self.mentions(Role::Manifest, manifest.files);
        for contents in manifest.secret_from.0 {
            mentions.extend(self.contents(contents));
        }
        for FromTemplate { template, vars } in manifest.secret_from_template.0 {
            mentions.extend(self.contents(template));
            mentions.extend(self.contents(vars));
        }
        mentions
    }

    /// What a Kustomization lists, in the order in which it is mostly written.
    fn kustomization(&mut self, manifest: Manifest) -> Part {
        let (mut lists, mut inline) = (Vec::new(), Vec::new());
        for generator in manifest.generators.0 {
            if generator.contains('\n') {
                inline.extend(self.inline(&generator));
            } else {
                lists.extend(self.mention(Role::Generator, generator));
            }
        }
        for listed in [manifest.resources, manifest.bases, manifest.components] {
            lists.extend(self.mentions(Role::Manifest, listed));
        }
        for contents in [manifest.secret_generator, manifest.config_map_generator] {
            for contents in contents.0 {
                lists.extend(self.contents(contents));
            }
        }
        let patches = [
            manifest.patches,
            manifest.json_patches,
            manifest.replacements,
        ];
        let patches = patches.into_iter().flat_map(|list| list.0);
        let charts = manifest.helm_charts.0.into_iter();
        let charts = charts.flat_map(|chart| {
            let others = chart.additional_values_files.0;
            chart.values_file.into_iter().chain(others)
        });
        let others = [
            manifest.merge_patches,
            manifest.crds,
            manifest.configurations,
            manifest.transformers,
            manifest.validators,
        ];
        let others = others.into_iter().flat_map(|list| list.0);
        let changing = patches.filter_map(|patch| patch.path).chain(charts);
        for written in changing.chain(others).filter(|text| !text.contains('\n')) {
            lists.extend(self.mention(Role::Patch, written));
        }
        Part::Kustomization { lists, inline }
    }

    /// The generators of KSOPS that are written out in the place of a file's name.
    fn inline(&mut self, text: &str) -> Vec<Vec<Mention>> {
        let generators = manifests(text).into_iter();
        let generators = generators.filter_map(|manifest| match self.part(manifest, false)? {
            Part::Ksops(mentions) => Some(mentions),
            Part::Kustomization { .. } | Part::Folder(_) => None,
        });
        generators.collect()
    }

    fn argo(&mut self, kind: &str, spec: Spec) -> Option<Part> {
        let (source, sources) = match kind {
            "Application" => (spec.source, spec.sources),
            "ApplicationSet" => {
                let spec = spec.template?.spec?;
                (spec.source, spec.sources)
            }
            _ => return None,
        };
        let mut all = source.into_iter().chain(sources.0);
        Some(Part::Folder(all.find_map(|source| source.path)?))
    }

    /// The files whose content is taken, each perhaps behind the key that it gets (`key=path`).
    fn contents(&mut self, contents: Contents) -> Vec<Mention> {
        let Contents {
            files,
            binary_files,
            envs,
            env,
        } = contents;
        let keyed = files.0.into_iter().chain(binary_files.0);
        let paths = keyed.map(|file| match file.split_once('=') {
            Some((_, path)) => path.to_owned(),
            None => file,
        });
        let all = paths.chain(envs.0).chain(env);
        all.filter_map(|written| self.mention(Role::Data, written))
            .collect()
    }

    fn mentions(&mut self, role: Role, listed: Strings) -> Vec<Mention> {
        let mentions = listed.0.into_iter();
        mentions
            .filter_map(|written| self.mention(role, written))
            .collect()
    }

    fn mention(&mut self, role: Role, written: String) -> Option<Mention> {
        self.left = self.left.checked_sub(1)?;
        Some(Mention {
            role,
            place: self.places.next(&written),
            written,
        })
    }
}
