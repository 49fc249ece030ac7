//! More given names of many languages, A to J, lowercase, without accents. Written down from general knowledge.

/// Names that are hardly ever anything else.
pub(super) const GIVEN: &str = "
aada aafke aaltje aappo aarne aart abbas abdallah abdelkader abdelrahman abdulaziz abdulrahman abel abelardo abena abhay
abhijit abhinav abhishek abiodun abosede abram abundio acacio achille achim ada adalbert adalberto adalgisa adalia adaobi
adaora adauto adelardo adelheid adelina adelino adelmo adem ademar adeola adesuwa adewale adeyinka adil adilson adnan adolfo
adonis adora adoracion adriaan adrianus adrien adriena afaf afia afife afonso afua agapito agathe agisilaos agne agnese
agoston agung agus agustin ahlam ahsen ahti aigars aigul aikaterini ailton aime aimee aimo ainsley ainur aisling aiste aisyah
aivars aizhan ajit akanksha ake akif akifumi akinyi akio akram akshay aku akua akwasi alaa alanna alannah alara alarico
alasdair alayna alba alban albane alberico albino alcides alcira aldana alden alderano aleah alec aled aleesha aleida aleisha
aleksey ales alexandros alexandru alexej alfie alfio algirdas alia alibek alica alicja alida aliette alighiero alijah alin
alisson alix aliya aliz allegra alli almas almeida almudena almut alois aloisia alojz alojzia alok alonzo aloys alper alperen
altair altan althea altynai alun alva alvin alyona alzbeta ama amadeo amadeusz amador amaechi amalie aman amandine amani
amarachi amato amaury amaya ambika ambra ambre amedeo amilcare amin aminah amirhossein amitabh amjad ammar amol amparo amrita
ana-maria anabelle anaelle anahi anahit analyn anamaria anamika anas anastacia anastasios anastazy anatole anatoliy anca
anderson andie andor andra andraz andree andreea andris andrius andriy andzelika anete anezka ange angelika angelique anggi
anggraini anghel anibal aniceto aniela aniko anirudh anish aniyah anja anjana anker ankit ankita ankur ann-kathrin anna-lena
annabel annabella annabeth annalisa annalise annamaria anne-marie anne-sophie annegret anneli annelies annemarie annemiek
annibale annick annmarie annunziata anong ans ansa anselma anselmi ansgar anshul ansley antal antanas ante antigoni antonetta
antonie antonija antonina antonine antonios antonius ants antton antun anu anuki anupam anurag anushka anwar anwen anyango
anze aoife aparecida apinya apolena apolinar apolinary apolonia apostolos april apurva arabella araceli aram aranzazu ararat
arash arata aravind arcelia archer archibald archie arda arden ardi ardith arend argyro ari aria ariadna arie arief ariella
ariosto aristeidis aristide arjan arjen arkadiusz arkady arletta arlindo arline arlo arly arman armanda armani armelle armen
armida arnaldo arne arnel arno arnost arnulfo aron arpad arran arrigo arsene arsenio arta artak artem arthit arto artur artyom
arunas arvids arvin arvind arvo arwa arzu asa asami asante asbjorg ase asel asem asep asger asher ashish ashlee ashleigh
ashlyn ashraf ashton ashutosh ashwin ashwini asim askar aslak aslaug asli asmaa aspasia assunta asta astghik astri asuman
asuncion atakan atef athanasios athenais atieno atilla atlas atticus attilio atul aubree aubrie aude audric audrius audun
augustine augustus augustyna auli aulis aune aurel aurelian aurelien aurelio aurelius aureliusz auriane aurore ausra avi
avigail avinash avis avital aviv avril awino axelle axton aya ayame ayanda ayaulym ayca aydan ayfer aykut ayla aylin ayman
aymeric aynur ayo ayse aysegul aysel aysun ayten ayush azadeh azahara azeglio aziza azubuike azucena azza babajide babak
babette babita bader badr bagas bagus baha bahadir bahar bahati bahram baiba bailee bakhtiyar bakhyt balaji baldomero balint
baltasar baltazar bambang banu baraa baran barbel barbora barbro bard barend baris barna barnabas barnabe barney bart
barthelemy bartlomiej bartolome bartolomeo baruch bas basak basant basem bashar bashir basil basile basilio bassam bastiaan
battista batuhan batya baylee bayram bayu bazyli beate beau beckett bedrich begona behnam behrouz bekir bela belen belgin
belma benedek benedetta benedicte benedikte bengt benigno benita benito benjamine benjie benny bent bente bento bep beppe
berat beren berend beril berit berk berkay berna bernabe bernadett bernardino bernie bert bertalan berthe berthold bertie
bertille bertok bertrand besim bethan bettie bettino bettyann betul bharat bharati bhaskar bhavesh bhavin bhushan biagio
bianka bibiana bice bich bijoy bilge bilgutay biljana billie bimal bindu bingwen binh birger birte birthe birute bjarke bjarki
bjorg bjorgulf bjorgvin blake blanche blandine blanka blathnaid blaz blazej blazena bo bobbie bobur bodhi bodil bodo bogdana
boglarka bogna boguslaw boguslawa bohumil bohumila bohumir bohuslav bojan bojana bokyung bola bolanle bolat boleslaw bolette
bolin bong bongani boniface bonifacio bonnie boonsri bora borbala borislav borivoj borja borje borys bosko bosse bostjan
boudewijn bozidar bozydar bracha braden brady bradyn braelyn bram brandi brandie brandusa brandy branimir branislav branislava
branka brankica branko bratislav braxton brayden breanna brecht brecken bree breno bretislav briana brice brid bridie brielle
brieuc briggs brigi brigida brigita brigitta brijesh brinley brit britney britt brittney britton brock brodie bronislav
bronislaw bronislawa bronson bronwen brooklyn bruna brunella brunhilde bryanna brycen bryn brynjar bryson budiman bugra buhle
bukola bulent burghard burkhard burt bushra busisiwe busra byron byungho caden cagatay cagla cagri cahya cahyadi cahyo caio
caitlyn calin calixto callan callen callie callum calogero calum camden camelia cameron camillo camilo camryn canan candace
candela candelaria candelario candi candra candy cannon cansu caoimhe capucine carey cari carin carissa carlene carlinhos
carlton carly carlyn carma carmelita carmelo carmine carrie carroll caryn carys cas casandra casimiro cason cassandre cassiano
cassie cassius catalin catarina cate catelyn cathal catharine cathleen cathrin cathrine catrin catriona cayden cayetano celena
celestina celestine celestino celina celso ceri cesaire cesare cestmir ceyda ceyhan ceylan cezar cezary chadwick chaewon chai
chaim chaitanya chaiya chana chance chandan chandrika chanel chanelle changmin changming channing chantelle chanthira
charalampos charis charissa charity charla charlee charley charline charmaine charo charu chasity chatchai chauncey chaz che
chebet chelsey chema chenguang cherie cherise cherry cheryl cheyenne chibuzo chidiebere chidinma chien chihiro chikondi
chimamanda chinasa chinatsu chinwe chinyere chipo chitra chompoo chrissy christal christeen christel christele christelle
christene christi christie christin christoffer christopherson christos christy chrysa chrysoula chrystal chukwudi chunhua
chus ciaran cigdem cihan cindi cinzia ciprian cipriano cirila cirino ciro citra clair clarice clarisse claudemir claudette
claudine claudiu clay clayton cleber cleide clelia clem clemencia cleo cleusa cliff clifton clint clinton clio cliona clive
cloe clovis codrin codrut cody coen cohen colby cole colm colombe colson come conall conceicao concepcion concetta conchita
conner conor consolacion constant constanza constanze contessa cooper cor cora coralie corazon corentin coretta corey cori
corina cormac cornel corneliu corrado corrie corrine corrinne cortez cortney cosimo coskun cosmin cosmina costantino costanza
costel costin crescencia crina crisanto crispin cristal cristi cristin cristinel cristovao cruz crystal csanad csenger csilla
csongor ctibor ctirad cullen cuneyt cuong custodio cuthbert cvetka cyprien cyrielle cyrille cyrus czeslaw czeslawa daan dace
dacian dadi dafna dafydd dagfinn dagmara daichi daiga dainis dainius daithi dakari dalal dale daleyza dalia dalibor dalimil
dalimir dalit dallin dalma dalton dalva damari damaso damiano damion damjan damla damodar damon dandan dane dani danica daniek
danijel danijela danika daniyar danna dannie danny dante danut danute dao daphnee dara darcy daren darija darin dariush
dariusz darja darko darla darleen darlena darma darnell darrel darrell darrin darron darryl darshan darwin daryl dashawn dat
daudi dauren davi davina davion davis davit davor davorka davut dawn dawna dax dayo deacon deaglan deana deandre deangelo
deann deanna deanne debashish debbie debby debi debora decebal declan dedi deena deepika deidra deidre deise deividas dejan
delaney delbert delfina delfino della delmar delores delphin delta delvin dembe demetrio demetrius deming dena denes denice
denilson denisa dennise denny denys denzel derick derik dermot derrick dervla desean deshawn desi desiderio desirae desire
despina destiny detlef devan devendra devika devin devonte devyn dexter dezso dharmesh diann dianna dianne diarmuid diem
dietlinde dieudonne digby dijana dilan dilara dilek dillon dilnoza dilys dimas dimitra dimka dimosthenis dina dinara dinda
dinh dinko dino dinu diogo dion dionisio dionne dionysia dionysios dionyz dirceu ditte divina divna divyanka dixie djalma
djordje dmytro dobrawa dobrila dobromil dobromir dobroslav dodi dogukan dohyun doina domenica domenico domhnall domingo
domingos dominick dominque domonique domonkos donal donatas donatella donatello donatien donato donghyun dongwook donnell
donnie donny donovan donte dorian doriana dorin dorina dorinda dorine dorit dorita dorka dorothee dorottya dorthe dorthy
dottie dougal dov dragica dragomir dragos dragutin drahomir drahomira drake draven drazen duaa duane duarte dubravka dudley
dumitra dumitru dunja dunstan duong durante dusana dusanka dusty duygu dwi dyan earl earlene earline earnest easton ebbe ebere
eberhard ebonie ebube ebubekir ecaterina eckart eckhard eddison edelmira edgard edgardo edgars edi edie edilson edip edmee
edmilson edmond edna edoardo edric edson eduarda edwige edwina edyta eefje eelco eeli eelis eemil eerika effie efisio efraim
efrat efren efstathios efthymios eftychia egidio egil egill egils eglantine egle egon eha ehrenfried eidur eija eiji eila
eilidh eimantas eimear einar einars einat eine eira eirini eitan eithne eivind ejnar eka ekaterina ekene ekow ekrem ekta ela
elad eladio elane elbert elda eldbjorg eldon eldora elea eleanora elease eleftheria eleftherios elek elemer eleonore eleri
elettra eleuterio elfriede elgin elham eliane elianor eliezer eligio elikem elina elisabet elisabeta elisabetta eliseo elisha
elisheva eliyahu elizaveta elle elli ellinor ellis elma elna elnaz elnora elof eloi eloisa eloy elpidio els else elspeth elton
elva elvan elvi elvie elvin elvina elvis elvy elwood elza elzbieta elzear ema eman emanoil emanuelly ember embla emel emelina
emeline emely emerita emerson emese emeterio emiel emiko emilee emilian emilien emina emmerich emmitt emmy emory emrah
emrullah emrys encarnacion endah endang ender endre engelbert engin enguerrand enid enis enitan enn enni ennio enoch enriqueta
ensio enza enzo eoghan eoin ephraim epifanio erasmo erazem ercan ercole ercument erdal erdinc erdogan ergin erhan erhard
ericka erkan erki erkki erla erlan erlend erlinda erling erma ermanno ermes erna ernestina ernestine erno errol ersilia ersin
ertan ertugrul ervin erwin eryk erzsebet esa esben esen esha esinam eskil esko esma esmail espen esraa essam essie estanislao
estefania estela ester estevao esti estrelita etelka ethel ethelyn etiennette etta ettore euan eudes eudora eufemia eugen
eugenie eugenio eugeniusz eula eulalia eulalie eunice eunji eunjung eusebio eusebiu eustace eustache eutimio eva-maria evaldas
evandro evangelia evangelina evangelos evariste evaristo eve eveliina even everett everleigh evert everton evette evgenia
evgeniy evgeny evie evija evren evzen ewa ewald ewan ewart ewelina eyjolfur eylul eymen eyram ezekiel ezequiel ezio fabiola
fabricio fabrizia fadekemi fadel fahad fahd fahri faiza faizan fajar falk famke fang fani fannar fanni fannie fares farhad
farhan fariba farouk farshid faruk fatema fatin fatinha faustine faustino fausto faustyna fay faye fayez fearghas febe febri
federigo feifei felecia felice feliciana feliciano felicidad felicie felicien felicitas felicja felisberto felton femke feras
ferdi ferdie ferdinando ferdynand fereshteh fereydoun fergal fergus ferhat feride fermin fern fernand fernande fernao ferry
feruza feyza ffion fiachra fiacre fiamma fidela fien figen fikile fikret fikri filiberto filipa filippa filippos filiz
filomena finbar finlay finley finnur fintan fionn fionnuala fiorella fiorenzo fiorino firas firat firmin fitria fitz flaminia
flavie flaviu flemming fletcher flo floarea floor flordeliza florencia florencio florene florentin florentina florentino
florentyna florette floriane florin florinda florine florinel floris florrie flossie folashade folke fonda forrest fortunata
fortunato fortune foteini fotis fouad fran franc franca franci francina franciszek franciszka francois-xavier franjo franka
frankie frantisek frantiska fraser fred freda freddy frederica frederique fredrick fredrik fredrika freek freja freyja
fridolin fridrik friedbert friedemann frieder friederike friedhelm friedrun frits frode froydis fructuoso fruzsina fryderyk
fuat fulgencio fulop fulvia fulvio fulya fumi fumio funda funmi furkan fyodor gaber gabi gabija gabin gabino gabrysia gadi
gaelle gaetan gaetana gaetano gagan gage gale galeazzo galih galit galo galuh galya gamze ganesh gardar garik garland garret
garrett gaspar gaspard gastone gatot gautam gaute gauthier gavriil gavril gavyn gawel gayle gaylord gediminas geert geir gejza
gellert gelsomina gelu gena genesis gennady gennaro genoveva genowefa geoff georgeta georgette georgiana georgios georgy
geraint gerben gerd gerfried gerlinde germain germaine german germund gernot geronimo gerri gerrit gerry gert gerth gertie
gertraud gertruda gertrudis gervais gervasio gesa gesine gethin gevorg geza ghassan ghazal gheorghe gheorghita ghislain
ghislaine ghita giacinto giada giampaolo giampiero gianfranco gianluigi gianmarco gianna giannis gica gideon giedre giedrius
gijs gijsbert gil gilad gilang gilat gilberte gilda giles gillis gilmar gilson ginesa ginette ginevra ginger gino gintaras
gintare gioacchino gioele gionata giordano giorgi giorgos giosue giovana giovani gisbert gisele gislaine gisli gita gitanjali
gitta gitte giuditta giulietta giuseppina giustino gizela gizella gjermund gjert gladis glauco gleb glen glenys glynis
godefroy godfrey goffredo gohar gokce golnaz gonca gontran gonul gonzalo gopal gopi goranka gorazd gordan gordana gorm goro
gosta gote gottlieb gotz govind goyo gozde graca gracelyn gracie graeme grainne granville grayson graziano grazyna greger
gregoire gregorio grete grethe gretta greville greyson grgur griffin grigore grigorios grigory griselda grover gry guanghui
gudbjorg gudlaug gudmund gudmundur guenaelle guglielmo gugulethu guilhem guilherme guilhermina guillemette guinevere guiomar
guiseppe guiying gulab gulay gulcan gulden guler gulhan gulizar gulli gulmira gulnara gulnaz gulnur gulsah gulshan gulsum
gulten gumersindo gun gunay gunaydin gunborg gunda gundula guney gunilla gunnbjorg gunnel gunta guntars gunter guntis guntram
gunvor guowei gurkan gurpreet gustave gustaw guus guven guy gwenael gwenaelle gwenda gwendal gwendoline gwilym gwyn gwyneth
gyeong gyongyi gyozo gyula hadas hadassah hadi hadley haejin hafdis hafsteinn hagen hagit hai hailey hailong haim haitham
haiyan hajime hajnalka hale haleigh haley halil halimatu halina halis halla halldis halldor hallgeir hallgerd hallgrimur
hallie hallvard haluk halyna hamad hamdan hamed hamidreza hamish hampus hanaa handan hando haneen hanh hani hank hanne hanneke
hannele hannelore hans-dieter hans-georg hans-peter hansjorg hardik harinder haris harlan harlem harley harm harmen harmony
harpreet harris harsh harshad hartmut harun hasibe hasmik hasna hasse hatem hattie haukur havard havva haya hayato haydar
haydee hayden hayk hayleigh hayley hazal hazem heath hedda hedvig hedvika heejin hege heidrun heimo heiner heinz-peter heitor
heleen helge helgi heli heliodoro helja helka helle helmar helmi helmtraud heloisa heloise helve hema hemant hemlata hend
hendra hendrika henk henna henni henning henny henriette henrique henryk henryka herb herborg herdis heribert heriberto
hermeline hermenegildo hermes hermine herminia herminio hermione hershel herta heru hesham hettie hezekiah hicran hidde
hideaki hieronim hieu higinio hikmet hila hilaire hilal hilario hilde hildegard hildur hilkka hilla hillar hillevi hilma
hilmar hilton hiltrud hinata hind hipolito hippolyte hisham hitesh hitomi hjalmar hjalte hjalti hjordis hlengiwe hlynur hoang
hojun holden holli hollie hollis homa homer homero hongmei honoka honorata honore honorine honorio hooman hope horace horatiu
horia hortencia hortensia hosea hossam hossein houston hovhannes hoyt hrafn hrafnhildur hrvoje hubertine hudson hugues
huguette huifang hulda hulusi humphrey hunor husam huseyin husnu hussam huub huw hyeonwoo hynek hyrum hyunjin hyunwoo iacob
iacopo iain iancu iara iarla iaroslav ibolya ichiro idar idil idriss idun iestyn ieuan ifeoma ifeyinwa iga ignac ignace ignacy
ignazio ihab iida iin iiris iisakki iivari ijeoma ika ikechukwu ilan ilana ilarion ilayda ildefonso ilene ilham ilhan ilias
ilie ilinca ilka ilkay ilker ilkka ilknur ilmar ilmari ilpo ilta ilya ilze imam imara imelda imke immacolata immo imogen
imogene imre imrich ina inacio inari inbal inci indira indrek indu ineke inese inessa ineta inga-lill ingebrigt ingegerd
ingela ingeman ingemar inger inghild ingibjorg ingmar ingo ingolf ingolfur ingunn ingus ingvar inho inka inkeri inmaculada
inna innes innocenzo iolanda iolo ion iona ionel ionela ionica ionut iordanis iosif ipek ipoly ippazio ira iracema iraj irakli
iratxe irem iren irenee ireneusz irfan irinel irineu irja irmak irmantas irmela irmeli irmgard irmtraud irvin irwan irwin isa
isabela isadora isagani isaia isaias isak isaline isao iselin iseult ishaq ishita isiah isidora isidoro isidro isik isingoma
isis iskender isla ismat ismenia ismet isobel issac issam isto itai italo itamar itsuki itumeleng itzhak itziar iulia iulian
iuliana iustin iva ivanka ivanna ivano ivar ivars ivete ivi ivica ivory iwo iyabo iza izabella iztok izumi izydor jaakko jaan
jaana jaanika jaanus jaap jabari jaber jabulani jacco jacinda jacinta jacinto jacklyn jacky jaclyn jacobus jacopo jacquelyn
jacquotte jadranka jadwiga jaehyun jaelyn jaewon jafar jagdish jagger jagoda jahangir jaidev jaimie jairo jaka jakab jakobe
jalal jalen jaliyah jamar jamarcus jamarion jamel jameson jamison jammie jamshid janae janaina jandira janell janelle janessa
janette janez janie janiece janika janis janja janka janna janne jannes jannette jannie jannik janno jaquelin jaqueline jarle
jaromir jaroslava jaroslaw jarred jarrett jarrod jarvis jasmijn jasminka jasna jaspreet jatin javad javion javon jaxon jaxson
jaya jayant jayce jayden jayesh jayla jaylen jaylene jaylin jayne jayson jazlyn jazmin jazmine jean-baptiste jean-claude
jean-francois jean-louis jean-luc jean-marc jean-marie jean-michel jean-paul jean-philippe jean-pierre jeanie jeannie jeannine
jedidiah jedrzej jefferson jehan jekaterina jelani jelka jelle jelmer jemima jena jenaro jenifer jenna jennie jeno jeppe
jerald jere jeremi jeremias jeri jericho jerilyn jerker jermaine jernej jerneja jeroen jeronimo jerri jerrica jerrie jerrod
jerry jerzy jesper jess jesse jessi jesusa jet jethro jett jette jewell jhun jiali jianfeng jianhua jianjun jiaqi jignesh
jihad jiho jihun jill jim jimmie jindrich jindriska jingwen jinky jinlong jip jiri jirina jiro jisung jitendra jiyeon jiyoung
jo joann joaquim joaquina joar job jobeth jocelyne jochem jodi jodie jody joellen joep joerg joey jofrid johanne johanneke
johnathan johnathon johnna johnnie johs joice joke jokull jolan jolene jolie jolien jolyon jomar jona jonatas jongmin joni
jonie jonina jonne jonty joohyun joost jordan jordon jordy jordyn jorgen joris jorma jorn jorun jos josefine josette josiane
josie josipa joslyn josselin jost jostein josue jouko joumana jouni jovan jovana jovelyn jovita joy joycelyn joze jozef jozefa
jozica jozsefa judah judd jude judi judie jugal juhana juhani juho juli julianna julienne julieta julissa julita juliusz juma
juman junhyuk junichi juniper junjie juozas juraj jurate jure jurgis jurica jurij juris jurre jurriaan jussara jussi justas
juste justice justo justyn jyri jyrki jytte
";

/// Names that are words or names of programs as well.
pub(super) const GIVEN_OR_WORD: &str = "
aurora athena phoebe cassandra luna apollo julia ada iris flora vera dora marina selma aria ember river atlas august orion
odin titus harmony justice genesis destiny royal legend messiah precious innocent blessing comfort gift happiness wisdom
chance channing chase lane lincoln maverick noble pierce porter ridge trace tucker turner wilder memphis houston hudson dallas
phoenix jericho liberty perla trinidad ventura solo mega sol neo simba melody candy ginger dusty stormy windy summer delta
dixie royce duke earl prince king lyric juniper sage saffron poppy clover fern holly heath heather rowan ash ashes carbon
calico cobalt cypress helm consul vault nova stella crystal diamond jewel coral sienna hazel olive basil rosemary son long
minh man sang tin van hung dung chien thong thinh tho tan tri tu ty my vi hoa lan mai bao can cem eka ika sri nur even odd
stan bo jo liv ola pal ari mor ina ora eve fay kit lou may mae ray rae rex roy von dot flo nan ned peg pip sue val ace art ben
bill bud cash clay cliff colt dale dan dean don drew gene glen grant guy hank jay jack jet lance lee mark max mike nick norm
pat ralph ram rich rick rob rod ron russ sam skip ted tom tony trip vic ward wes will web job jean lad len linus santa city
sector page price temple unique essence dao pod git ant bun kai iva via ivy hero dina nana alba alta augusta constant
constance modesty patience prudence verity charity felicity mercy amity unity victory grace faith hope joy ruby pearl opal
amber jade garnet onyx sky star sunny rain storm misty breeze dawn prosper bonus major baron marquis regent count ma na li yu
an in on al el la le
gun par ion loc hai bas cor els dat lam tea che tam nga moa anu esa asa ela naz ans cas roi tia ase ake ors mor lis kaj gry maj pim
puk ype bep jip zoi lev nir noa uri ziv ira ika iin umi eha enn ivi lii uku noi nhi nhu vy ken rei ren rie rin yui yuu teo isa
odo udo noe dax kip meg ama ayo tri silva even inger bard kali sana sina mercy colt dior paris london sydney georgia florence
";
