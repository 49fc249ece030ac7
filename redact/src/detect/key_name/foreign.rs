//! Names of fields in other languages than English.

/// Names of people's names. Each of these is looked for as it stands.
const PEOPLE: [&str; 33] = [
    "vorname",
    "nachname",
    "familienname",
    "zuname",
    "prenom",
    "prénom",
    "apellido",
    "apellidos",
    "cognome",
    "sobrenome",
    "voornaam",
    "achternaam",
    "nazwisko",
    "imię",
    "fornavn",
    "etternavn",
    "efternavn",
    "fornamn",
    "förnamn",
    "efternamn",
    "jmeno",
    "jméno",
    "prijmeni",
    "příjmení",
    "soyad",
    "soyadi",
    "etunimi",
    "sukunimi",
    "keresztnev",
    "keresztnév",
    "vezeteknev",
    "vezetéknév",
    "prenume",
];

/// Parts of the other names that the automaton looks for. Short ones that are in English words stand with their mark.
const OTHERS: [&str; 21] = [
    "imie=",
    "imie:",
    "imie\"",
    "nombre_completo",
    "nombrecompleto",
    "nome_completo",
    "nomecompleto",
    "nom_complet",
    "strasse",
    "straße",
    "calle=",
    "calle:",
    "calle\"",
    "logradouro",
    "ulica",
    "plz",
    "postleitzahl",
    "postnummer",
    "cep=",
    "cep:",
    "cep\"",
];

/// What the automaton looks for: one of these is in every name below.
pub(in super::super) fn stems() -> impl Iterator<Item = &'static str> {
    PEOPLE.into_iter().chain(OTHERS)
}

fn is(word: &str, options: &[&str]) -> bool {
    options
        .iter()
        .any(|option| word.eq_ignore_ascii_case(option))
}

/// `vorname`, `apellidoPaterno`, `nombre_completo`.
pub(super) fn is_person(words: &[&str], previous: &str, last: &str) -> bool {
    words
        .iter()
        .any(|word| is(word, &PEOPLE) || is(word, &["imie"]))
        || is(last, &["nombrecompleto", "nomecompleto"])
        || (is(previous, &["nombre", "nome", "nom"])
            && is(last, &["completo", "complet", "completa"]))
}

/// `strasse`, `logradouro`.
pub(super) fn is_street(words: &[&str]) -> bool {
    words
        .iter()
        .any(|word| is(word, &["strasse", "straße", "calle", "logradouro", "ulica"]))
}

/// `plz`, `code_postal`.
pub(super) fn is_postcode(previous: &str, last: &str) -> bool {
    is(last, &["plz", "postleitzahl", "postnummer", "cep"])
        || (is(last, &["postal"]) && is(previous, &["code", "codigo", "código"]))
}
