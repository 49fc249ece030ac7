//! Words of postal addresses in some twenty languages, lowercase, without accents. Written down from general knowledge.

/// Stand after the name of a street and mean nothing else: `12 Oak Street`.
pub(super) const AFTER: &str = "
street st str avenue ave av road rd lane ln boulevard blvd bvd terrace parkway pkwy highway hwy crescent cres
trl mews gardens gdns grv hts expressway expy turnpike tpke causeway wharf freeway fwy esplanade byway drv xing pde
marg nagar chowk colony salai enclave vihar puram mohalla
";

/// The same for words that logs use for other things: a name that is no word of logs must stand before them.
pub(super) const AFTER_A_NAME: &str = "
drive court place pl circle close way walk hill plaza ridge
ter square sq trail grove heights quay alley aly promenade cove meadows green dr ct rdg plz cir parade
rise bend creek lodge hollow vale villas mall manor knoll glen estate estates
";

/// The same for words that hardly ever are streets: what belongs to an address must follow.
pub(super) const AFTER_A_NAME_WITH_TAIL: &str = "
annex arcade bayou beach bluff bottom branch bridge brook burg burgs bypass camp canyon center centre cliff cliffs club common
corner corners course crest crossroad curve dale dam divide dell extension fall falls ferry field fields flat flats ford forest
forge fork forks fort garden gateway harbor harbour haven inlet island islands isle key keys lake lakes land landing light
lights loaf lock locks meadow mill mills mission motorway mount mountain mountains neck nook orchard oval overpass passage pike
pine pines plain plains port prairie radial ramp ranch rapid rapids rest river route shoal shore shores skyway spring springs
spur stravenue stream summit throughway trace track trafficway tunnel underpass union unions valley viaduct village villages
row path gate park view point crossing loop run pass junction station strand grange reach knolls sound lookout outlook chase
brow concourse glade glen interchange link mead pathway pocket quadrant ramble retreat ridgeway siding slope steps towers turn
waters woods wynd
ville vista walks wall ways well wells bank cape circus copse fields yard roads streets squares parkways
courts points crossings groves hills hollows coves creeks greens lodges manors ridges plazas bends
";

/// Stand between the name of a street and its number: `Karl Johans gate 5`, `Andrássy út 9`.
pub(super) const BEFORE_NUMBER: &str = "
caddesi cad sokak sokagi sok sk bulvari mahallesi mah meydani
vei veien veg gate gata plass gade vej plads alle torv torvet gatan vagen torg torget grand
utca utja ut korut ter tere krt koz setany fasor u
ulica ulice namesti trida nabrezi cesta put trg prospekt ulitsa
straat laan plein gracht kade singel dijk
strasse gasse allee platz weg damm ufer chaussee markt ring
katu tie lu jie
";

/// Stand before the name of a street: `Rue de Rivoli 5`, `12 Via Roma`.
pub(super) const BEFORE: &str = "
avenue via boulevard bd bld allee place cours av avda ave plaza placa camino carrera cra cl carretera ronda corso vicolo largo
praca estrada ul al pl plac aleja os jl strada bulevardul route faubourg passage square residence cite sentier villa lotissement
voie glorieta rambla cuesta travesia pasaje urbanizacion alameda rodovia beco praceta calcada rotunda piazzetta piazzale
contrada borgo lungomare salita rotonda canale str calea aleea soseaua intrarea trg gang gg barangay brgy nehru sector
vale quadra avenida jr jiron privada calzada circuito callejon pasadizo acceso rincon plazuela poligono vial bajada stretto
incrocio viottolo vereda conjunto praia jardim parque residencial viela setor sitio chacara fazenda ladeira lago lagoa loteamento
morro passarela patio trecho trevo viaduto vila colonia condominio recanto nucleo feira
ул улица пр проспект пер переулок наб шоссе λεωφορος οδος πλατεια
";

/// The same for words that mean nothing else, so that they are written small as well.
pub(super) const BEFORE_SMALL: &str = "
rue chemin impasse quai calle rua avenida piazza viale ulica jalan paseo travessa
";

/// Parts of a house: a number or a letter follows.
pub(super) const UNITS: &str = "
apt apartment suite ste unit floor fl flat room rm building bldg apto piso level house appartement appt etage wohnung whg stock
interno piano scala lokal mieszkanie leilighet lagenhet studio shop office block blk tower wing dept trailer lot puerta pta
planta depto departamento casa bloco sala andar daire kat bat batiment escalier esc porte postbox villa plot penthouse
";

/// Between the words of a name of a street or a city.
pub(super) const PARTICLES: &str = "
de la le les du des del della delle dei di da do dos das el los las of the van der den het op aan en y e i und am an der im zum
zur unter sur sous lez les upon under by bana bei auf ob na nad pri och
";
