use std::collections::BTreeMap;

use super::*;

struct Shop(BTreeMap<&'static str, &'static str>);

impl Fields for Shop {
    fn label(&self, name: &str) -> Option<Cow<'_, str>> {
        self.0.get(name).map(|value| Cow::Borrowed(*value))
    }

    fn line(&self) -> &str {
        "the line"
    }

    fn timestamp_ns(&self) -> i64 {
        1_795_442_400_250_000_000
    }
}

fn shop() -> Shop {
    Shop(BTreeMap::from([
        ("level", "error"),
        ("msg", "  card declined  "),
        ("path", "/api/v1/cart"),
        ("status", "503"),
        ("took", "1.5s"),
        ("size", "2KiB"),
        ("empty", ""),
    ]))
}

/// What a template makes of the shop, or what is wrong with it.
#[track_caller]
fn check(template: &str, expected: &str) {
    let made = match Template::new(template) {
        Ok(template) => template.fill(&shop()),
        Err(error) => error,
    };
    assert_eq!(made, expected, "{template}");
}

#[test]
fn labels_stand_in_for_gaps() {
    check("plain", "plain");
    check("", "");
    check("{{.level}}: {{ .status }}{{.missing}}!", "error: 503!");
    check(
        "{{ __line__ }} at {{__timestamp__}}",
        "the line at 2026-11-23T14:00:00.25Z",
    );
    check("a {{- .level -}} b", "aerrorb");
    check("a{{/* nothing */}}b {{- /* here */ -}} c", "abc");
    check(
        r#"{{"a\tb"}}{{`\`}}{{ 5 }}{{ -1.5 }}{{true}}"#,
        "a\tb\\5-1.5true",
    );
}

#[test]
fn functions_take_their_arguments_in_lokis_order() {
    for (template, expected) in [
        ("{{ .level | upper }}", "ERROR"),
        ("{{ ToUpper .level | ToLower }}", "error"),
        ("{{ title .level }}", "Error"),
        ("{{ .msg | trim }}|", "card declined|"),
        (r#"{{ Trim .path "/t" }}"#, "api/v1/car"),
        (r#"{{ trimAll "/" .path }}"#, "api/v1/cart"),
        (r#"{{ TrimLeft .path "/" }}"#, "api/v1/cart"),
        (r#"{{ TrimRight .path "trac" }}"#, "/api/v1/"),
        (r#"{{ trimPrefix "/api" .path }}"#, "/v1/cart"),
        (r#"{{ TrimPrefix .path "/api" }}"#, "/v1/cart"),
        (r#"{{ .path | trimSuffix "cart" }}"#, "/api/v1/"),
        ("{{ trunc 3 .level }}{{ .level | trunc -2 }}", "error"),
        (
            "{{ substr 1 4 .path }}{{ substr 5 -1 .path }}",
            "apiv1/cart",
        ),
        (r#"{{ replace "r" "R" .level }}"#, "eRRoR"),
        (r#"{{ Replace .level "r" "R" 2 }}"#, "eRRor"),
        (r#"{{ replace "" "R" .level }}"#, "error"),
        (
            r#"{{ contains "err" .level }} {{ hasPrefix "/x" .path }}"#,
            "true false",
        ),
        (r#"{{ .path | hasSuffix "cart" }}"#, "true"),
        (
            "{{ alignLeft 7 .level }}|{{ alignRight 7 .level }}|{{ alignLeft 2 .level }}",
            "error  |  error|er",
        ),
        (
            r#"{{ default "-" .missing }}{{ .level | default "-" }}"#,
            "-error",
        ),
        ("{{ len .level }}", "5"),
        (
            r#"{{ printf "%-7s|%5s|%.2s|%q|%d|%05d|%.1f|%%" .level .level .level .level 7 -7 1.25 }}"#,
            "error  |error|er|\"error\"|7|-0007|1.2|%",
        ),
        (
            r#"{{ .status | printf "%s-%v" .level }} {{ printf "%d" }}"#,
            "error-503 %!d(MISSING)",
        ),
        (
            "{{ add .status 7 }} {{ sub 5 7 }} {{ mul 2 3 4 }} {{ div 7 2 }} {{ mod 7 4 }} {{ div 1 0 }}",
            "510 -2 24 3 3 0",
        ),
        (
            "{{ divf 1 4 }} {{ addf 1.5 1 }} {{ subf 1 0.5 }} {{ mulf 2 1.5 }}",
            "0.25 2.5 0.5 3",
        ),
        (
            "{{ round 1.2345 2 }} {{ ceil 1.2 }} {{ floor 1.8 }} {{ int 1.9 }} {{ float64 .status }}",
            "1.23 2 1 1 503",
        ),
        (
            "{{ duration .took }} {{ duration_seconds .took }} {{ bytes .size }}",
            "1.5 1.5 2048",
        ),
        (
            r#"{{ regexReplaceAll "/v([0-9])" .path "/V${1}!" }}"#,
            "/api/V1!/cart",
        ),
        (
            r#"{{ regexReplaceAllLiteral "/v([0-9])" .path "/$1" }}"#,
            "/api/$1/cart",
        ),
        (
            r#"{{ .level | replace "r" "" | upper | printf "<%s>" }}"#,
            "<EO>",
        ),
    ] {
        check(template, expected);
    }
}

#[test]
fn conditions_choose_what_is_written() {
    for (template, expected) in [
        ("{{ if .level }}a{{ end }}{{ if .missing }}b{{ end }}", "a"),
        (
            r#"{{ if eq .level "warn" "error" }}bad{{ else }}good{{ end }}"#,
            "bad",
        ),
        (
            r#"{{ if eq .level "x" }}1{{ else if ge .status 500 }}2{{ else }}3{{ end }}"#,
            "2",
        ),
        (
            r#"{{ if and .level (not .missing) }}{{ if or .missing .empty }}x{{ else }}y{{ end }}{{ end }}"#,
            "y",
        ),
        (r#"{{ if lt (int .status) 500 }}a{{ else }}b{{ end }}"#, "b"),
        (
            r#"{{ if ne .level "error" }}a{{ end }}{{ if le 2 2 }}c{{ end }}{{ if gt 10 9 }}d{{ end }}"#,
            "cd",
        ),
    ] {
        check(template, expected);
    }
}

#[test]
fn what_is_not_understood_is_named() {
    for (template, expected) in [
        ("{{ .level", "{{ without }} in a template"),
        (
            "{{ range .x }}{{ end }}",
            "range in a template is not supported",
        ),
        (
            "{{ $x := .level }}",
            "variables in a template are not supported",
        ),
        (
            "{{ fromJson .msg }}",
            "the function fromJson in a template is not supported",
        ),
        (
            "{{ .level | date }}",
            "the function date in a template is not supported",
        ),
        ("{{ if .x }}", "{{if}} without {{end}} in a template"),
        ("{{ end }}", "unexpected {{end}} in a template"),
        ("{{ else }}", "unexpected {{else}} in a template"),
        (
            "{{ if .x }}{{ else }}{{ else }}{{ end }}",
            "two {{else}} in a template",
        ),
        (
            "{{ upper }}",
            "the function upper in a template got 0 arguments",
        ),
        (
            "{{ upper .a .b }}",
            "the function upper in a template got 2 arguments",
        ),
        (
            "{{ upper lower .a }}",
            "the function lower in a template needs brackets around it",
        ),
        (
            "{{ .a .b }}",
            "an action of a template has more words than it can have",
        ),
        (
            "{{ .a | .b }}",
            "only a function may follow a | in a template",
        ),
        ("{{ }}", "a value is missing in a template"),
        ("{{ (.a }}", "a ) is missing in a template"),
        (r#"{{ "a }}"#, "a text in a template is not closed"),
        (r#"{{ "\q" }}"#, "an escape in a template is not understood"),
        ("{{ 1.2.3 }}", "'1.2.3' in a template is no number"),
        ("{{ a:b }}", "unexpected ':' in a template"),
        ("{{ ; }}", "unexpected ';' in a template"),
        ("{{/* x", "a comment in a template is not closed"),
        (
            r#"{{ regexReplaceAll "(" .a "b" }}"#,
            "'(' is not a regular expression",
        ),
        (
            "{{ regexReplaceAll .a .b .c }}",
            "regexReplaceAll needs a regular expression in quotes as its first argument",
        ),
    ] {
        check(template, expected);
    }
    let deep = format!("{{{{ {}.a{} }}}}", "(".repeat(40), ")".repeat(40));
    check(&deep, "a template is nested more than 16 levels deep");
    let deep = "{{ if .a }}".repeat(40);
    check(&deep, "a template is nested more than 16 levels deep");
}

#[test]
fn no_template_makes_more_than_a_megabyte() {
    struct Large(String);
    impl Fields for Large {
        fn label(&self, _: &str) -> Option<Cow<'_, str>> {
            Some(Cow::Borrowed(&self.0))
        }
        fn line(&self) -> &str {
            &self.0
        }
        fn timestamp_ns(&self) -> i64 {
            0
        }
    }
    let large = Large("ä".repeat(400_000));
    for template in [
        "{{.a}}{{.a}}".to_owned(),
        format!("{{{{ replace \"ä\" \"{}\" .a }}}}", "x".repeat(4_000)),
        format!(
            "{{{{ regexReplaceAll \"ä\" .a \"{}\" }}}}",
            "x".repeat(4_000)
        ),
        "{{ printf \"%s%s\" .a .a }}".to_owned(),
    ] {
        let made = Template::new(&template).unwrap().fill(&large);
        assert!(made.len() > 1_000_000 && made.len() <= MAX_TEXT_BYTES);
    }
}

proptest::proptest! {
    #[test]
    fn no_text_makes_a_template_panic(
        pieces in proptest::collection::vec(proptest::sample::select(&[
            "{{", "}}", "{{-", "-}}", ".a", " ", "if", "else", "end", "eq", "upper", "printf", "\"%s\"", "\"%5d", "|", "(", ")",
            "12", "-", "ä", "/*", "*/", "`", "__line__", "trunc", "substr",
        ][..]), 0..24)
    ) {
        if let Ok(template) = Template::new(&pieces.concat()) {
            template.fill(&shop());
        }
    }
}
