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
    /// The host of a web address that belongs to somebody; not hosts of the house, nor those of public tools.
    Domain,
    /// The name of a person.
    Name,
    /// A postal address, or the part of one that leads to a door.
    Address,
    /// The number of an identity document, of a tax payer or of an insured person.
    NationalId,
    /// A date of birth.
    BirthDate,
    /// Degrees of latitude and longitude.
    Location,
    /// The number of a device (IMEI).
    Device,
    /// A bank, by its code (BIC).
    Bank,
    /// The account of a person in a path of a home folder.
    User,
    /// Strict mode: a word or number that is not known to be part of a template.
    Value,
    /// What a rule of the project's own takes out, by its place in the list of rules.
    Custom(u16),
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
            Self::Domain => "DOMAIN",
            Self::Name => "NAME",
            Self::Address => "ADDRESS",
            Self::NationalId => "NATIONAL_ID",
            Self::BirthDate => "BIRTH_DATE",
            Self::Location => "LOCATION",
            Self::Device => "DEVICE",
            Self::Bank => "BANK",
            Self::User => "USER",
            Self::Value => "VALUE",
            Self::Custom(_) => "CUSTOM",
        }
    }

    /// Which kind names a stretch that several rules claim; the higher one does.
    pub(crate) fn weight(self) -> u8 {
        match self {
            Self::Custom(_) => 10,
            Self::PrivateKey => 9,
            Self::Jwt => 8,
            Self::ApiKey => 7,
            Self::Password => 6,
            Self::Session => 5,
            Self::Secret => 4,
            Self::Card | Self::Iban | Self::Ssn | Self::NationalId | Self::Device => 3,
            Self::Email | Self::Ip | Self::Mac | Self::Bank => 2,
            Self::Phone
            | Self::Forged
            | Self::Domain
            | Self::Address
            | Self::BirthDate
            | Self::Location
            | Self::User => 1,
            Self::Name | Self::Value => 0,
        }
    }

    /// Whether it opens a door or moves money, so that no message may show it, whoever reads it.
    #[must_use]
    pub fn is_credential(self) -> bool {
        matches!(
            self,
            Self::Password
                | Self::ApiKey
                | Self::Secret
                | Self::Session
                | Self::PrivateKey
                | Self::Jwt
                | Self::Card
                | Self::Iban
                | Self::Ssn
                | Self::NationalId
                | Self::Custom(_)
        )
    }
}
