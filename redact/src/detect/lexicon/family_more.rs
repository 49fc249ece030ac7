//! More family names of many languages, lowercase, without accents. Written down from general knowledge.

/// Names that are hardly ever anything else.
pub(super) const FAMILY: &str = "
aanei aas aasen abercrombie ahonen aitken akin aksoy aktas akyol alarcon altin antonsen anttila arsenault atalay ates avci
aydogan bacosi baird bal balazs baran barbu barclay barisic barta bartosova basaran bayrak bekkelund benda benes berchtold
bermudez bevan bezerra bhandari bhargava bicanic bilgin birkeland biro bizjak blaha blazek blazevic bloemendaal bodnar boer
bognar boor boros borovy bosnjak bowen bozic brekke broeders brouwer bryhn buchan bulut cadwallader cairns cakir cakmak
caldeira calder can car carmona carnegie carneiro cavalcante cermak cetinkaya chadha chawla ciobanu coban cochrane cojocaru
correia coskun crespo crichton cruickshank csonka cucek cunha czerwinski dabukke dag dahle dalgleish daly dam dantas dekkers
delrosario demiriz dhar diaconu dincer dobre dolezal driessen drummond duda duff duman dunbar durak durmus dutt eilertsen
eliassen ellingsen enache eren ergin erskine ersoy esteban evensen evers falconer farias farquhar fiala filipovic firmansyah
fjeld florea fodor fogaca forsyth foss fraser fredriksen fulop gal galbraith galiano gallego ganguly garrido geerts gheorghiu
ghose gilchrist gillies glowacki goel gokce golob gorski gourlay gouveia grgic griffiths grimstad grover guillen gul guler
gundersen gunes gwynne haan hajek hakala hakim halasz haldane halonen harahap harries hauge healy hegedus heggelund hermans
heron hewelt hidayatullah hietala hiltunen hirvonen hocevar hoek honkanen hovland howells hribar hruby huisman hultgren
humphreys hutapea ibanez illes innes irawan irvine isik izquierdo jakab jakubowski jardine jaworski jelinek jesus johnsen
jukic juric kale kamath kaplan kapur karaca karadag karakaya karjalainen karpe kastelic katona kauppinen kavanagh keane
kelemen keles kemppainen keogh kerekes keskin kettunen khanna khurana kinnaird kinnunen klomp knezevic knutsen kobryn kocsis
kok kolar kolodziej koning kopecky korkmaz korosec koruturk kos kose koster kothari kotnik kovacic kovarik kozma kral
kristoffersen kriz krupa kubiak kucharski kuiper kumari kurniawan kurt lacson laird laitinen lamont lappalainen laskowski
leeuwen lehto leinonen leite lengyel lennox leslie lessa lie lien linhares lins llewellyn lockhart loken lorente lorimer
loureiro lourenco lovric lubis lukic lungu macaraeg macarthur macaulay maccallum macfarlane macgillivray maciejewski macinnes
macintyre macivor mackay mackinnon maclachlan maclean macmillan macnab macneil macpherson macrae mactaggart maddox magsaysay
maguire magyar mahajan maia major majumdar malinowski maly manalo manea mangubat manullang marbun maric marinescu mate matei
mathisen mathur matic matijevic maulana mcauliffe mccabe mccormack mcevoy mcguinness mcnally mcnulty mcroarty medeiros medina
meer menzies meredith michalak miettinen mihai mikalsen mlakar moe moffat moldovan molenaar moncrieff montiel moriarty mostyn
moya muir mullen munro muresan murtagh musil mustonen myhre nagpal naismith napier nasution natarajan nath navratil neagu neto
nicolae niculescu niskanen nita novaes novosad novosel nugent nygard oboyle ocallaghan ocampo odea odoherty odonoghue
odriscoll odwyer oflaherty ogilvie ogrady ojala ojha okeeffe oksanen olah oleary olszewski olteanu omahony omalley oprea orban
oregan oriordan orosz oshea ostby ostrowski osullivan otoole oz ozcan ozer ozkan pal pane panganiban pangilinan pap parmar
parra parry pasztor pathak patnaik pavic pavlic peric perkovic permana pesonen petrescu pettersen pinho pitcairn pitkanen
pizon pohan pokorny polak pons popovic porto pospisil post postma potocnik power prabhu prakasa pratama preda prins pritchard
probert prosser pugh purohit quiambao quinn quirke racz radic radu rae rafferty raghavan rajagukguk rajput ramadhan ramsay
rangan rangel rankin rantanen rasanen rathod rattan rautio redmond redondo rees requena rhys riddell roche roman roxas
roychowdhury rozman ruud ruzicka saarela sadowski safarik sahni sakarya sales salminen salonen sandor sandu sandvik santa
saragih sari saric sarma savic savolainen scanlon schipper scholten schouten scrymgeour sedlak sempill sensoy serban shearer
sheehan shenoy sibal sihombing sikora silalahi simanjuntak simoes simsek sinaga sinek sipos siregar sitorus situmorang
sivertsen skaar skogen sletten sloot slowey snijders sobczak sokolowski solanki somogyi soos soylu stanescu stensrud stirling
stopar strachan struthers subramaniam suryadi swamy szalai szczepaniec szczepanski szekely sziklai szilagyi tait tandon tangen
tanjung tas tekin thapar thoresen tierney timmer timmermans tobin toivonen tolentino tolonen tolosa toma tomasek tomaszewski
tomic tonnessen toprak torgersen tudor tudose tuma tuncer turan turk turunen tveit twomey ucar ulriksen ulvestad unal
ungureanu upadhyay urbanski urquhart uysal uzun vaidya vainio vaisanen vajda valente vanek vasilescu vass vaz veen venkatesh
verbeek veres verghese verhoeven vermeer vermeulen vesely vicente vidic vidmar vidovic vik vilela vincze vizintin vlad vlcek
vliet vohra voicu vold voros vukovic vuorinen wal wedderburn wemyss wibowo wilk willemsen wirawan wit witkowski witt
wlodarczyk wold wroblewski wulff wysocki yalcin yavuz yildirim ylinen yuksel zabala zajc zakrzewski zalewski zamfir zanten
zupancic zwart
";
