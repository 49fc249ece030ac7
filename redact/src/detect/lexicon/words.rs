//! Words that begin with a capital in logs and in sentences and are no names of people.

/// A pair with one of these is no name, and one at either end of a row of capitals is not part of it.
pub(super) const COMMON: &str = "
a about abort aborted accept accepted access account accounts action actions active activity actor add added adding address
admin administrator after agent agents aggregate alert alerts all allocated allow allowed already also amazon an analytics
and android angular another answer any apache api app apple application applications apply approved april archive are area
argument array artifact as asia assert assertion asset async at attempt attempting attributes audit august auth
authentication authorization auto automatic availability available average avenue aws azure back backend background backup
bad balance balancer bank base batch bearer because been before began begin bell beta big billing binary bind binding bios
bit block blocked bluetooth board body boot both bound branch bridge broadcast broken broker browser bucket budget buffer
bug build builder building built bus business but button by byte bytes cache cached call callback called calling calls can
canceled cancelled cannot capacity card cart case catalog catalogue central center centre certificate change changed changes
channel chart chat check checked checking checkout checksum child chrome church city class clean cleaning cleanup clear click
client clients clock close closed closing cloud cluster code collection collector college column command comment commit
committed common company compiled complete completed component compute computer condition config configuration configure
confirmed conflict connect connected connecting connection connections consensus console consumer contact container content
context continue control controller cookie copied copy core corporation corrupt could count counter country course cpu crash
create created creating creation credential credit critical cron cross cube current currently custom customer customers daemon
daily dashboard data database datadog date day days dead deadline deadlock debug december decline declined decode deep default
deferred define degraded delay delete deleted deleting delivered delivery demo denied deny department deployed deploying
deployment deploy deprecated desk desktop destination detail details detected dev developer development device devices dial did
digest digital direct directory disable disabled discard disconnect disconnected discovery disk dispatch display division dns do
docker document does domain done down download drive driver drop dropped due duplicate duration during dynamic each early east
edge edit editor elastic elasticsearch email emergency empty enable enabled encountered encryption end endpoint engine engineer
engineering english enterprise entity entry environment error errors europe event events every evicted example except exception
exceeded execute executed executing execution executor exhausted existing exit exited expected expired explorer export express
extension external factory fail failed failing failover failure failures false fast fatal fault february federal feed fetch
fetched fetching field file files filter final find finished finishing fire firefox firewall first fix flag flash float flow
flush folder following for forbidden force forced foreign form format forward forwarding found frame free frequency friday from
front full function gate gateway gc general generate generated generic get getting git github given global go going gone
good google grafana grand graph graphics great green grid group groups guard guest had handle handler handling handshake hard
has hash have he head header headers health healthy heap heartbeat hello help her here hi high highest his history hold home hook
hospital host hosts hot hotel hour hours house how however hub human hybrid i idle if ignore ignored ignoring image import in
inactive inbound inc include incoming incorrect increase index info information ingress init initial initialization initialize
initialized initializing initiated input insert inside install installed installing instance institute insufficient insurance
integration intel interface internal international internet interrupt interrupted into invalid inventory invoice is issue issued
it item items its january java javascript job jobs join joined journal json july june just kafka keep kernel key keyboard kill
killed kubernetes label lambda language laptop large last late latency layer lead leader league leaf learning lease left level
library license light like limit limited line link linux list listener listening live load loaded loader loading local location
lock locked log logged logger logging login logout logs long lookup loop lost low lower ltd mac machine mail main maintenance
make manage management manager manual map march mark market master match matrix max maximum may media member memory menu merge
message messages meta metadata method metric metrics microsoft middleware migration min minimum minute minutes mirror missing mission
mobile mode model modified module monday monitor monitoring month monthly more most mount mounted mouse mozilla multi multiple museum
must my mysql name named namespace native need network never new news next nightly night no node nodes none normal north not note
nothing notice notification notifications notifier november now null number object october of off office offline ok okay old on once
one only open opened opening operating operation operator option options or order orders organization origin other our out
outbound outgoing output over overflow overlay override own owner package page pages panel panic parallel parameter parent park parse
parser parsing part partial partition party pass passed passive password patch path pause paused pay payload payment payments peer
pending per performance period permission permissions phase phone pick pid ping pipe pipeline place plan platform please plugin pod
pods point policy poll pool port portal post postgres power preparing present press prevent previous price primary principal print
priority private probe problem process processed processing processor producer product production profile program progress project
prometheus promise property protocol provider provisioning proxy public publish published publisher pull purge push put python quality
query queue queued quick quit quota rabbit race random range rate raw reached read reader reading ready real reason reboot rebuild
receive received receiver receiving reclaim record records recover recovered recovering recovery red redis reduce reference refresh
refund refused region register registered registration registry reject rejected related relay release released reload remote remove
removed removing rename render renew repair repeat replace replay replica replicas replication reply report repository request
requested requests require required research reserve reserved reset resize resolve resolved resolver resource resources response
restart restarted restarting restore restored result results resume resumed retry retrying return returned returning review revision
right ring river road role roll rollback rolling root round route router routing row rpc rule rules run runner running runtime safari
safe salt same sample sandbox saturday save saved saving scale scaled scaling scan scanner schedule scheduled scheduler schema school
scope score screen script search second seconds secret section secure security see seek select self send sender sending sensor sent
september sequence serial serialize series serve server servers service services session sessions set setting settings setup several
shard shared she shell ship shipping shop short should shutdown shutting side sign signal signature signed silver similar simple since
single site size skip skipped skipping slack slave sleep slot slow small smart snapshot so social socket soft software some something
soon source south space spark special speed spring sql staging stale standard standby star start started starting startup state static
station status step still stop stopped stopping storage store stored stream streaming street string strong studio sub subject submit
subscriber subscription success successful successfully such summary sunday super support suspended switch sync synchronized syntax
system systems tab table tag tail take target task tasks team tech telegram template temporary tenant terminal terminate terminated
terminating test testing tests text thank thanks that the their them then there these they this thread threads three threshold
through throttle thursday ticket time timed timeout timer times timestamp title to today token tomorrow too tool top topic total
touch trace track traffic train transaction transfer transition transport tree trigger triggered true trust try trying tuesday tunnel
two type unable unauthorized unavailable unbound under undefined unexpected unhandled unhealthy union unique unit united university
unix unknown unlock unmount unreachable unregistered unset unsupported until up update updated updater updates updating upgrade
upgraded upgrading upload upper upstream url usage use used user username users using utility valid validate validated validation
validator value values vault vector version very via video view virtual visit voice volume vpc wait waiting wake warm warn warning was
watch watchdog watcher we web webhook website wednesday week weekly well were west what when where which while white who why wide
width will window windows wireless with within without wizard word work worker workers workflow working workspace world would write
writer writing wrong year yes yesterday yet you your zero zone zookeeper
austria australia belgium brazil britain california canada chicago china dublin england france frankfurt germany india ireland italy
japan korea london madrid mexico moscow norway oregon paris poland portugal russia scotland seoul singapore spain stockholm sweden
switzerland sydney taiwan texas tokyo toronto turkey ukraine virginia vienna york zurich
atlantic pacific arctic avs cvv sms smtp imap ldap kerberos samba nginx hadoop hive hbase spark flink airflow jenkins gitlab terraform
ansible vault consul nomad envoy istio linkerd helm argo rancher openshift ubuntu debian centos fedora alpine suse oracle maven gradle
node react angular swift kotlin scala ruby rails django flask laravel drupal wordpress magento shopify stripe paypal visa mastercard
american discover salesforce sap zoom teams outlook exchange office excel word powerpoint skype cisco juniper intel nvidia qualcomm
samsung sony dell lenovo ibm gmail youtube facebook twitter instagram linkedin netflix spotify uber tesla
mr mrs ms dr prof sir madam dear
mon tue tues wed thu thur thurs fri sat sun jan feb mar apr may jun jul aug sep sept oct nov dec am pm utc gmt cet cest est edt pst pdt
mst mdt cst cdt bst ist jst today tonight spring summer autumn fall winter
the this these those there here what when where which who whose why how if then else and or not but for so yet nor all any each every
both either neither few many much some such more most other another same own several
apply applying attempts authorized available aware backing based basic blocking boolean broken building bundle calculated captured
caught chunk cipher classic combined compare compared comparing compiler completing concurrent conditional configured configuring
considered consistency consistent constant constraint consume consumed contains continuing converted converter corrupted counted
couldn crashed customized cyclic damaged decoded decoder defined demand dependency dependencies described description destroyed
detecting determined didn diff digests direction disconnected discovered doesn double drained draining driver dumped duration
element elements empty encoded encoder ended ends enforced engineers ensure entered entering entries enum escalated escalation
established evaluating evaluation exclusive executable exporter exporting expression extended extra facts fallback features fewer
filled filtered finds fixed flagged formatted found fresh generating generator global grants hashed hidden hint hosted hosting
identifier identifiers identity immutable implementation implicit important imported incident incidents incomplete incremental
indexed indexing individual inherited inline inner inserted inspection installer integer interactive interval isolated iteration
keeps killing known labels latest launched launching leading leaving ledger legacy linked lists literal locks logical lookups
managed mapped mapping marked matched matches matching maximal measured median merged merging minimal mismatch mixed moved moving
mutable mutex named names negative nested noted numbers numeric observed obsolete occurred offsets older optional ordered ordering
outer outgoing overridden owned packed packet packets paging paired parallel parsed pattern patterns peers persisted persistent
physical plain planned planner pointer positive possible posted potential prefix prepared preparing presence primitive printed
printing probable problems processes processors prompt properties protected provided providers pruned published publishing
quantity queries quoted raised ranges rates reached reason reasons rebalance rebalancing rebooted rebuilding receipt recent
recommended reconnecting recorded recursive redirect redirected reduced references refreshed regular rejecting relative
reloading remaining repaired repeated replaced replacing replicated reported reporting reports represents required reserved
resetting resolved respond responded responses restricted results retained retention retried returning reused reverse reviewed
rewriting rotated rotating rotation rounds routes rows sampled samples sampling scanning scheduling scores scripts sealed searched
searching seconds sections seed selected semantic sends separate sequential severe severity shape shared shares shipped shows
signals silent skipping slots snapshots sockets sorted sorting sources specific specified spilled split stable stacks staged stages
standalone starts statements states statistics steps stopped storing strategy strict structure stuck submitted subscriptions
succeeded suggested suite supervisor supplied suspects suspend swapped switched switching symbol synced syncing taken targets
templates terms tested threads thrown ticks tiers timeouts timing tokens tolerance topics totals tracked tracking trailing
transactions transferred transforming transient translated truncated tunnels types unavailable unchanged undone unequal
uninstalled units unload unmatched unnamed unrelated unsafe unspecified unused upgrades uploaded uploading usable usual valued
variable variables verified verify verifying versions violated violation visible visited warned warnings weights whole windowed
wired worked working wrapped written
";

/// Titles: a name follows.
pub(super) const TITLES: &str = "
mr mrs ms miss dr prof herr herrn frau mme mlle monsieur madame senor senora senorita sra srta signor signora dott mevrouw
meneer pani sig.ra sig.na dott.ssa avv sr sra mevr dhr fru herra rouva bayan sayin dear hi hello hallo bonjour hola sir madam
";

/// Words after which a person is named.
pub(super) const ROLES: &str = "
customer patient cardholder employee passenger recipient guest beneficiary payee payer applicant signatory courier
student teacher doctor nurse attendee buyer seller shopper claimant insured policyholder borrower donor colleague
assistant attn named surname caller approver assignee subscriber resident traveler traveller
kunde kundin cliente patiente paciente mitarbeiter patientin mieter absender empfanger inhaber kontoinhaber karteninhaber
klant klient klientka pacjent asiakas hasta musteri zakaznik ugyfel destinataire expediteur beneficiaire titulaire locataire
destinatario destinataria mittente beneficiario titular inquilino pasajero passageiro passagier fahrgast alumno eleve
spouse nominee invitee interviewee plaintiff defendant landlord lessee volunteer trainee pupil witness cardmember
accountholder lodger householder pensioner donee heir grantee mortgagor remitter drawee
debtor creditor debitor kreditor guarantor cosigner trustee licensee registrant complainant petitioner caregiver carer
pharmacist dentist therapist surgeon midwife clinician prescriber instructor lecturer cashier homeowner
organiser organizer participant delegate panelist speaker tutor mentor mentee babysitter godparent stepmother stepfather
";

/// Who acts in logs: people nearly always.
pub(super) const ACTORS: &str = "
user author reviewer owner assignee contact member approver requester editor committer reporter commenter sender holder
manager supervisor technician physician
utilisateur usuario utente benutzer nutzer gebruiker anvandare bruger bruker kayttaja uzytkownik uzivatel felhasznalo kullanici
";

/// What is done by people and to them; a preposition and a name follow.
pub(super) const DEEDS: &str = "
approved assigned reassigned reviewed requested submitted created updated deleted edited opened closed acknowledged resolved
cancelled canceled authored written modified changed owned reported raised escalated uploaded booked ordered paid invited
transferred addressed billed shipped ship delivered deliver sent belongs issued rejected signed confirmed checked
message call mail email payment letter order reply signature feedback review ticket invitation deposit transfer fax sms refund
appointment invoice card booking account reservation prescription profile meeting chat interview talk contract shipment parcel
delivery package visit consent claim policy statement refunds payout salary transcript note comment complaint placed handed filed
passport iban debit visa permit payslip pension wages badge
lodged claimed purchased sold hired accepted granted revoked answered shared scheduled moderated posted handled verified witnessed
prepared translated diagnosed treated examined interviewed authorized authorised withdrawn disputed attended taught driven
lieferung anruf nachricht zahlung bestellung rechnung termin paket pedido envio entrega factura pago llamada mensaje commande
livraison facture paiement appel ordine consegna fattura pagamento chiamata bestelling betaling levering faktura
";

/// Words between which and the next one a name may stand: they count together with what is known of the words.
pub(super) const BEFORE_A_NAME: &str = "
for by from to with of and user contact member owner author assignee reviewer signed
an von fur para pour por da per til fran av fra door voor chez od pro dla
";

/// With the next word they are a town or a country.
pub(super) const BEFORE_A_PLACE: &str = "
san santa santo sao los las new fort port puerto mount north south east west saint st great upper lower cape lake el la rio
";

/// Towns, regions and countries: words of logs as well, and parts of addresses.
pub(super) const PLACES: &str = "
hong kong angeles aires aviv lumpur vegas jersey zealand delhi mumbai bangalore bengaluru chennai kolkata hyderabad pune
montreal vancouver ottawa calgary seattle boston atlanta miami phoenix philadelphia detroit baltimore cleveland portland tampa
nashville memphis oakland sacramento honolulu ohio michigan illinois indiana wisconsin minnesota iowa missouri kansas nebraska
colorado utah nevada arizona alaska hawaii maine vermont massachusetts connecticut delaware maryland carolina tennessee kentucky
alabama mississippi louisiana arkansas oklahoma columbus boise springfield
amsterdam rotterdam utrecht antwerp brussels luxembourg hamburg munich munchen cologne koln stuttgart dusseldorf leipzig dresden
hannover basel bern lausanne geneva rome roma milano naples napoli turin torino venice firenze barcelona seville sevilla lisbon
lisboa porto copenhagen kobenhavn oslo helsinki reykjavik warsaw warszawa krakow prague praha brno budapest bucharest belgrade
zagreb athens istanbul ankara dubai doha riyadh cairo lagos nairobi johannesburg casablanca jakarta manila bangkok hanoi osaka
kyoto beijing shanghai shenzhen melbourne brisbane perth auckland bogota caracas havana marseille lyon
denmark finland netherlands greece hungary romania bulgaria croatia serbia slovakia slovenia estonia latvia lithuania iceland
israel egypt nigeria kenya morocco ghana ethiopia pakistan bangladesh indonesia malaysia philippines thailand vietnam argentina
chile colombia peru venezuela austria australia belgium brazil britain california canada chicago china dublin england france
frankfurt germany india ireland italy japan korea london madrid mexico moscow norway oregon paris poland portugal russia
scotland seoul singapore spain stockholm sweden switzerland sydney taiwan texas tokyo toronto turkey ukraine virginia vienna
wien york zurich berlin austin florida upper lower north south east west new los san santa saint fort port mount great united
wales deutschland espana italia polska schweiz osterreich nederland danmark sverige norge suomi
";

/// `product`: what stands behind it is a thing, though it may be called like somebody.
pub(super) const THINGS: &str = "
product products article item brand model sku campaign theme playlist song album film movie ebook magazine recipe dish menu wine
beer cocktail perfume toy toys plush shade colour color font typeface collection edition exhibition venue stadium arena theatre
theater cinema hotel restaurant cafe bakery brewery winery boutique salon shop store mall airport beach island lake river mountain
hurricane storm typhoon cyclone vessel yacht ferry cruise conference workshop webinar newsletter breed variety variant codename
milestone sprint epic trophy tournament prize foundation charity merchant vendor supplier manufacturer retailer distributor
dealer company firm produkt artikel artikl producto produit prodotto artikul firma
";
