//! What was found.

/// The type of a value that must not leave the house; it is the word in its pseudonym.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// An e-mail address.
    Email,
    /// An IPv4 or IPv6 address other than loopback and unspecified.
    Ip,
    /// A hardware address.
    Mac,
    /// A payment card number that passes the Luhn check.
    Card,
    /// An international bank account number that passes the mod-97 check.
    Iban,
    /// A telephone number.
    Phone,
    /// A US social security or taxpayer number.
    Ssn,
    /// A JSON web token.
    Jwt,
    /// A password.
    Password,
    /// A key of a cloud or service provider, known by its form.
    ApiKey,
    /// Another credential, known by the name it is given.
    Secret,
    /// A session cookie or identifier.
    Session,
    /// A private key block.
    PrivateKey,
    /// Text that looks like a pseudonym of ours but came from outside.
    Forged,
}

impl Kind {
    /// The word in pseudonyms, in capitals.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Email => "EMAIL",
            Self::Ip => "IP",
            Self::Mac => "MAC",
            Self::Card => "CARD",
            Self::Iban => "IBAN",
            Self::Phone => "PHONE",
            Self::Ssn => "SSN",
            Self::Jwt => "JWT",
            Self::Password => "PASSWORD",
            Self::ApiKey => "API_KEY",
            Self::Secret => "SECRET",
            Self::Session => "SESSION",
            Self::PrivateKey => "PRIVATE_KEY",
            Self::Forged => "TEXT",
        }
    }

    /// Which kind names a stretch that several rules claim; the higher one does.
    pub(crate) fn weight(self) -> u8 {
        match self {
            Self::PrivateKey => 9,
            Self::Jwt => 8,
            Self::ApiKey => 7,
            Self::Password => 6,
            Self::Session => 5,
            Self::Secret => 4,
            Self::Card | Self::Iban | Self::Ssn => 3,
            Self::Email | Self::Ip | Self::Mac => 2,
            Self::Phone | Self::Forged => 1,
        }
    }
}
