//! Names of fields in other languages than English.

/// Parts of such names that the automaton looks for. Short ones that are in English words stand with their mark.
pub(in super::super) const STEMS: [&str; 52] = [
    "vorname",
    "nachname",
    "familienname",
    "zuname",
    "prenom",
    "prénom",
    "apellido",
    "cognome",
    "sobrenome",
    "voornaam",
    "achternaam",
    "nazwisko",
    "imie=",
    "imie:",
    "imie\"",
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
    "etunimi",
    "sukunimi",
    "keresztnev",
    "keresztnév",
    "vezeteknev",
    "vezetéknév",
    "prenume",
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

const PEOPLE: [&str; 34] = [
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
    "imie",
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

fn is(word: &str, options: &[&str]) -> bool {
    options
        .iter()
        .any(|option| word.eq_ignore_ascii_case(option))
}

/// `vorname`, `apellidoPaterno`, `nombre_completo`.
pub(super) fn is_person(words: &[&str], previous: &str, last: &str) -> bool {
    words.iter().any(|word| is(word, &PEOPLE))
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
