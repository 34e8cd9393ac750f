//! What certainly names a file, and what does not.

use std::path::Path;

use super::*;
use crate::source::SourceId;

fn source(text: &str) -> Source {
    Source::decode(SourceId::Stdin("x".into()), text.as_bytes().to_vec()).unwrap()
}

fn resolve(files: &[(&str, &str)]) -> References {
    let told = files.iter().filter_map(|(path, text)| {
        let path = Path::new(path);
        assert!(may_tell(path, text.as_bytes()), "{}", path.display());
        read(path, &source(text))
    });
    References::resolve(&told.collect::<Vec<_>>())
}

/// Where, who, and which file.
fn told(references: &References) -> Vec<String> {
    let one = |one: &Reference| {
        let (file, target) = (one.file.display(), one.target.display());
        let line = one.place.start.line;
        format!("{file}:{line} {:?} {:?} {target}", one.by, one.role)
    };
    references.all.iter().map(one).collect()
}

const HEAD: &str = "apiVersion: viaduct.ai/v1\nkind: ksops\nmetadata: {name: x}\n";

#[test]
fn a_generator_names_files_from_the_folder_of_the_kustomization_that_lists_it() {
    let generator = format!("{HEAD}files:\n- ./a.enc.yaml\n- secrets/b.enc.yaml\n");
    let references = resolve(&[
        (
            "app/kustomization.yaml",
            "generators:\n- secrets/ksops.yaml\n",
        ),
        ("app/secrets/ksops.yaml", &generator),
        ("alone/ksops.yaml", &generator),
    ]);
    assert_eq!(
        told(&references),
        [
            "alone/ksops.yaml:5 Ksops Manifest alone/a.enc.yaml",
            "alone/ksops.yaml:6 Ksops Manifest alone/secrets/b.enc.yaml",
            "app/kustomization.yaml:2 Kustomization Generator app/secrets/ksops.yaml",
            "app/secrets/ksops.yaml:5 Ksops Manifest app/a.enc.yaml",
            "app/secrets/ksops.yaml:6 Ksops Manifest app/secrets/b.enc.yaml",
        ]
    );
    let by = |at: usize| references.all[at].kustomization.as_deref();
    assert_eq!(by(0), None);
    assert_eq!(by(3), Some(Path::new("app/kustomization.yaml")));
}

#[test]
fn generators_are_run_where_they_are_listed_also_through_a_folder_or_written_out() {
    let generator = format!("{HEAD}files: [a.enc.yaml]\n");
    let inline = format!("|-\n  {}", generator.replace('\n', "\n  "));
    let references = resolve(&[
        ("a/kustomization.yml", "generators: [../gen]\n"),
        (
            "b/Kustomization",
            &format!("# x\ngenerators:\n- {inline}\n"),
        ),
        ("gen/kustomization.yaml", "resources:\n  - ksops.yaml\n"),
        ("gen/ksops.yaml", &generator),
    ]);
    assert_eq!(
        told(&references),
        [
            "a/kustomization.yml:1 Kustomization Generator gen",
            "b/Kustomization:7 Ksops Manifest b/a.enc.yaml",
            "gen/ksops.yaml:4 Ksops Manifest a/a.enc.yaml",
            "gen/kustomization.yaml:2 Kustomization Manifest gen/ksops.yaml",
        ]
    );
}

#[test]
fn every_field_that_names_files_is_read() {
    let ksops = format!(
        "{HEAD}files: [a]\nsecretFrom:\n- metadata: {{name: x}}\n  files: [k=b, c]\n  envs: [d]\n  binaryFiles: [k=e]\n\
         secretFromTemplate:\n- template: {{files: [t=f]}}\n  vars: {{files: [v=g], envs: [h]}}\n"
    );
    let kustomization = "\
generators: [k.yaml]
resources: [a, https://example.org/b.yaml]
bases: [c]
components:
secretGenerator:
- name: x
  files: [k=d]
  envs: [e]
- env: f
configMapGenerator: [{name: y, files: [g]}]
patches: [{path: h}, {patch: 'x: y'}]
patchesJson6902: [{path: i}]
patchesStrategicMerge: [j, \"a: b\\nc: d\"]
";
    let references = resolve(&[("k.yaml", &ksops), ("kustomization.yaml", kustomization)]);
    let of = |by: By| {
        let of = references.all.iter().filter(|one| one.by == by);
        let names = of.map(|one| (one.role, one.target.to_str().unwrap()));
        names.collect::<Vec<_>>()
    };
    let (m, d, p) = (Role::Manifest, Role::Data, Role::Patch);
    let ksops = [
        (m, "a"),
        (d, "b"),
        (d, "c"),
        (d, "d"),
        (d, "e"),
        (d, "f"),
        (d, "g"),
        (d, "h"),
    ];
    assert_eq!(of(By::Ksops), ksops);
    let kustomization = [
        (Role::Generator, "k.yaml"),
        (m, "a"),
        (m, "c"),
        (d, "d"),
        (d, "e"),
        (d, "f"),
        (d, "g"),
        (p, "h"),
        (p, "i"),
        (p, "j"),
    ];
    assert_eq!(of(By::Kustomization), kustomization);
}

#[test]
fn what_may_be_no_file_of_this_repository_is_no_reference() {
    for written in [
        "https://example.org/a.yaml",
        "git::https://example.org/a",
        "git@example.org:a/b",
        "github.com/a/b?ref=v1",
        "/etc/a.enc.yaml",
        "~/a.enc.yaml",
        "*.enc.yaml",
        "{{ .Values.a }}.enc.yaml",
        "${NAME}.enc.yaml",
        "$(NAME).enc.yaml",
        "<name>.enc.yaml",
        "../../../a.enc.yaml",
        "a\\x07b",
        "",
    ] {
        let text = format!("{HEAD}files:\n- \"{written}\"\n");
        let references = resolve(&[("a/b/ksops.yaml", &text)]);
        assert_eq!(told(&references), [""; 0], "{written}");
        let is_vague = references.may_deploy(Path::new("a/b"));
        assert_eq!(is_vague, !written.contains("://"), "{written}");
    }
    let remote = "resources: [github.com/a/b, ./x.y/c, .x/c, x/c.d]\n";
    let references = resolve(&[("kustomization.yaml", remote)]);
    let remote: Vec<bool> = references
        .all
        .iter()
        .map(Reference::may_be_remote)
        .collect();
    assert_eq!(remote, [true, false, false, false]);
}

#[test]
fn what_has_another_shape_or_belongs_to_others_says_nothing() {
    for (path, text) in [
        ("kustomization.yaml", "resources: {a: b}\n"),
        ("kustomization.yaml", "- resources\n"),
        ("kustomization.yaml", "resources: [\n"),
        ("kustomization.yaml", "kind: Deployment\nresources: [a]\n"),
        (
            "kustomization.yaml",
            "{{ if .x }}\nresources: [a]\n{{ end }}\n",
        ),
        ("a.yaml", "# viaduct.ai/v1\nkind: ksops\nfiles: [a]\n"),
        (
            "a.yaml",
            "apiVersion: viaduct.ai/v1\nkind: other\nfiles: [a]\n",
        ),
        (
            "a.yaml",
            "apiVersion: viaduct.ai/v1\nkind: ksops\nfiles: a\n",
        ),
    ] {
        assert_eq!(told(&resolve(&[(path, text)])), [""; 0], "{text}");
    }
    assert!(!may_tell(Path::new("a.yaml"), b"kind: Secret\n"));
    assert!(!may_tell(Path::new("a.txt"), b"viaduct.ai/v1"));
    assert!(!may_tell(
        Path::new("kustomization.yaml"),
        &vec![b' '; MAX_LEN + 1]
    ));
}

#[test]
fn places_are_those_of_the_list_and_not_of_comments_or_longer_names() {
    let text = format!(
        "{HEAD}# a.enc.yaml was here\nfiles: # a.enc.yaml\n  - ./my-a.enc.yaml\n  - \"a.enc.yaml\"\n  - a.enc.yaml\n"
    );
    let references = resolve(&[("ksops.yaml", &text)]);
    let places: Vec<_> = references
        .all
        .iter()
        .map(|one| {
            (
                one.place.start.line,
                one.place.start.column,
                one.place.is_item,
            )
        })
        .collect();
    assert_eq!(places, [(6, 5, true), (7, 6, false), (8, 5, true)]);
}

#[test]
fn flux_and_argo_cd_deploy_all_of_a_folder_unless_it_has_a_kustomization() {
    let flux = "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nspec:\n  path: ./apps\n  \
                decryption: {provider: sops}\n";
    let argo =
        "apiVersion: argoproj.io/v1alpha1\nkind: Application\nspec: {source: {path: other}}\n";
    let sets = "apiVersion: argoproj.io/v1alpha1\nkind: ApplicationSet\nspec: {template: {spec: {sources: \
                [{chart: x}, {path: more}]}}}\n";
    let references = resolve(&[
        ("flux/kustomization.yaml", flux),
        ("a.yaml", argo),
        ("b.yaml", sets),
        ("apps/shop/kustomization.yaml", "resources: [a.yaml]\n"),
    ]);
    for (folder, expected) in [
        ("apps", true),
        ("apps/wiki", true),
        ("apps/wiki/deep", true),
        ("apps/shop", false),
        ("apps/shop/deep", false),
        ("other", true),
        ("more", true),
        ("flux", false),
        ("", false),
    ] {
        assert_eq!(
            references.may_deploy(Path::new(folder)),
            expected,
            "{folder}"
        );
    }
    let root = flux.replace("./apps", "./");
    let references = resolve(&[("a/x.yaml", &root)]);
    assert!(references.may_deploy(Path::new("anywhere/at/all")));
}

#[test]
fn files_made_to_blow_up_are_read_in_bounded_time_and_memory() {
    let list = "x,".repeat(100_000);
    let again = "{files: *a},".repeat(60_000);
    let bomb = format!("{HEAD}files: &a [{list}]\nsecretFrom: [{again}]\n");
    let laughs = (1..20).fold("a0: &a0 [x, x]\n".to_owned(), |text, n| {
        let one = format!("*a{},", n - 1).repeat(9);
        format!("{text}a{n}: &a{n} [{one}]\n")
    });
    let laughs = format!("{HEAD}{laughs}files: *a19\n");
    let deep = format!("{HEAD}files: {}\n", "[".repeat(200_000));
    let cyclic = format!("{HEAD}files: &a [*a]\n");
    let long = format!("{HEAD}files:\n{}", "- a\n".repeat(200_000));
    let hidden = format!("{HEAD}files:\n{}", "- \"\\x61\"\n".repeat(90_000));
    let documents = format!("{HEAD}files: [a]\n---\n").repeat(10_000);
    for text in [bomb, laughs, deep, cyclic, long, hidden, documents] {
        let start = std::time::Instant::now();
        let told = read(Path::new("ksops.yaml"), &source(&text));
        let references = References::resolve(&told.into_iter().collect::<Vec<_>>());
        assert!(references.all.len() <= MAX_MENTIONS);
        let took = start.elapsed();
        assert!(took.as_secs() < 5, "{took:?} {}", &text[..80]);
    }
}

#[test]
fn kustomizations_that_list_each_other_come_to_an_end() {
    let all: Vec<(String, String)> = (0..300)
        .map(|n| {
            let others: String = (0..300).map(|m| format!("- ../k{m}\n")).collect();
            let text = format!("generators:\n{others}resources:\n{others}");
            (format!("k{n}/kustomization.yaml"), text)
        })
        .collect();
    let files: Vec<(&str, &str)> = all.iter().map(|(p, t)| (p.as_str(), t.as_str())).collect();
    let start = std::time::Instant::now();
    let references = resolve(&files);
    assert!(
        references.may_deploy(Path::new("k0")),
        "not all was looked at"
    );
    assert!(start.elapsed().as_secs() < 120, "{:?}", start.elapsed());
}
