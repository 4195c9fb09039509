"""Countries as lists write them: ISO codes of two and three letters, and names in the languages of our users.

Names are from Unicode CLDR (English, Portuguese, Arabic, Czech, Romanian, Chinese, Spanish, German, French) with what
people write besides (UK, EUA, Holland). One line a country: `code=names`, indented lines go on.
"""

from functools import cache

from tertulia.core.folding import fold_text

_TABLE = """
AD=AND|Andorra|أندورا|安道尔|Andorre
AE=ARE|United Arab Emirates|Emirados Árabes Unidos|الإمارات العربية المتحدة|Spojené arabské emiráty|
   Emiratele Arabe Unite|阿拉伯联合酋长国|Emiratos Árabes Unidos|Vereinigte Arabische Emirate|Émirats arabes unis|UAE|
   الإمارات
AF=AFG|Afghanistan|Afeganistão|أفغانستان|Afghánistán|Afganistan|阿富汗|Afganistán
AG=ATG|Antigua & Barbuda|Antígua e Barbuda|أنتيغوا وبربودا|Antigua a Barbuda|Antigua și Barbuda|安提瓜和巴布达|
   Antigua y Barbuda|Antigua und Barbuda|Antigua-et-Barbuda
AI=AIA|Anguilla|Anguila|أنغويلا|安圭拉
AL=ALB|Albania|Albânia|ألبانيا|Albánie|阿尔巴尼亚|Albanien|Albanie
AM=ARM|Armenia|Armênia|Arménia|أرمينيا|Arménie|亚美尼亚|Armenien
AO=AGO|Angola|أنغولا|安哥拉
AR=ARG|Argentina|الأرجنتين|阿根廷|Argentinien|Argentine
AS=ASM|American Samoa|Samoa Americana|ساموا الأمريكية|Americká Samoa|Samoa Americană|美属萨摩亚|Amerikanisch-Samoa|
   Samoa américaines
AT=AUT|Austria|Áustria|النمسا|Rakousko|奥地利|Österreich|Autriche
AU=AUS|Australia|Austrália|أستراليا|Austrálie|澳大利亚|Australien|Australie
AW=ABW|Aruba|أروبا|阿鲁巴
AX=ALA|Åland Islands|Ilhas Aland|Alanda|جزر آلاند|Ålandy|Insulele Åland|奥兰群岛|Islas Aland|Ålandinseln|Îles Åland
AZ=AZE|Azerbaijan|Azerbaijão|أذربيجان|Ázerbájdžán|Azerbaidjan|阿塞拜疆|Azerbaiyán|Aserbaidschan|Azerbaïdjan
BA=BIH|Bosnia & Herzegovina|Bósnia e Herzegovina|البوسنة والهرسك|Bosna a Hercegovina|Bosnia și Herțegovina|
   波斯尼亚和黑塞哥维那|Bosnia y Herzegovina|Bosnien und Herzegowina|Bosnie-Herzégovine
BB=BRB|Barbados|بربادوس|巴巴多斯|Barbade
BD=BGD|Bangladesh|Bangladeche|بنغلاديش|Bangladéš|孟加拉国|Bangladés|Bangladesch
BE=BEL|Belgium|Bélgica|بلجيكا|Belgie|Belgia|比利时|Belgien|Belgique
BF=BFA|Burkina Faso|Burquina Faso|بوركينا فاسو|布基纳法索
BG=BGR|Bulgaria|Bulgária|بلغاريا|Bulharsko|保加利亚|Bulgarien|Bulgarie
BH=BHR|Bahrain|Barein|Barém|البحرين|Bahrajn|巴林|Baréin|Bahreïn
BI=BDI|Burundi|بوروندي|布隆迪
BJ=BEN|Benin|Benim|بنين|贝宁|Benín|Bénin
BL=BLM|St. Barthélemy|São Bartolomeu|سان بارتليمي|Svatý Bartoloměj|Saint-Barthélemy|圣巴泰勒米|San Bartolomé
BM=BMU|Bermuda|Bermudas|برمودا|Bermudy|百慕大|Bermudes
BN=BRN|Brunei|بروناي|Brunej|文莱|Brunéi|Brunei Darussalam
BO=BOL|Bolivia|Bolívia|بوليفيا|Bolívie|玻利维亚|Bolivien|Bolivie
BQ=BES|Caribbean Netherlands|Países Baixos Caribenhos|هولندا الكاريبية|Karibské Nizozemsko|
   Insulele Caraibe Olandeze|荷属加勒比区|Caribe neerlandés|Karibische Niederlande|Pays-Bas caribéens
BR=BRA|Brazil|Brasil|البرازيل|Brazílie|Brazilia|巴西|Brasilien|Brésil
BS=BHS|Bahamas|Baamas|جزر البهاما|Bahamy|巴哈马
BT=BTN|Bhutan|Butão|بوتان|Bhútán|不丹|Bután|Bhoutan
BW=BWA|Botswana|Botsuana|بوتسوانا|博茨瓦纳
BY=BLR|Belarus|Bielorrússia|بيلاروس|Bělorusko|白俄罗斯|Bielorrusia|Biélorussie
BZ=BLZ|Belize|بليز|伯利兹|Belice
CA=CAN|Canada|Canadá|كندا|Kanada|加拿大
CC=CCK|Cocos (Keeling) Islands|Ilhas Cocos (Keeling)|Ilhas dos Cocos (Keeling)|جزر كوكوس (كيلينغ)|
   Kokosové ostrovy|Insulele Cocos (Keeling)|科科斯（基林）群岛|Islas Cocos|Kokosinseln|Îles Cocos
CD=ZAR|Congo - Kinshasa|Congo-Kinshasa|الكونغو - كينشاسا|Kongo – Kinshasa|刚果（金）|República Democrática del Congo|
   Kongo-Kinshasa
CF=CAF|Central African Republic|República Centro-Africana|جمهورية أفريقيا الوسطى|Středoafrická republika|
   Republica Centrafricană|中非共和国|República Centroafricana|Zentralafrikanische Republik|République centrafricaine
CG=COG|Congo - Brazzaville|República do Congo|Congo-Brazzaville|الكونغو - برازافيل|Kongo – Brazzaville|刚果（布）|
   Congo|Kongo-Brazzaville
CH=CHE|Switzerland|Suíça|سويسرا|Švýcarsko|Elveția|瑞士|Suiza|Schweiz|Suisse
CI=CIV|Côte d’Ivoire|Costa do Marfim|Côte d’Ivoire (Costa do Marfim)|ساحل العاج|Pobřeží slonoviny|科特迪瓦
CK=COK|Cook Islands|Ilhas Cook|جزر كوك|Cookovy ostrovy|Insulele Cook|库克群岛|Islas Cook|Cookinseln|Îles Cook
CL=CHL|Chile|تشيلي|智利|Chili
CM=CMR|Cameroon|Camarões|الكاميرون|Kamerun|Camerun|喀麦隆|Camerún|Cameroun
CN=CHN|China|الصين|Čína|中国|Chine|PRC|中国大陆
CO=COL|Colombia|Colômbia|كولومبيا|Kolumbie|Columbia|哥伦比亚|Kolumbien|Colombie
CR=CRI|Costa Rica|كوستاريكا|Kostarika|哥斯达黎加
CU=CUB|Cuba|كوبا|Kuba|古巴
CV=CPV|Cape Verde|Cabo Verde|الرأس الأخضر|Kapverdy|Capul Verde|佛得角|Cap-Vert
CW=CUW|Curaçao|Curaçau|كوراساو|库拉索|Curazao
CX=CXR|Christmas Island|Ilha Christmas|Ilha do Natal|جزيرة كريسماس|Vánoční ostrov|Insula Christmas|圣诞岛|
   Isla de Navidad|Weihnachtsinsel|Île Christmas
CY=CYP|Cyprus|Chipre|قبرص|Kypr|Cipru|塞浦路斯|Zypern|Chypre
CZ=CZE|Czechia|Tchéquia|Chéquia|التشيك|Česko|Cehia|捷克|Chequia|Tschechien|Tchéquie|Czech Republic|Česká republika
DE=DEU|Germany|Alemanha|ألمانيا|Německo|Germania|德国|Alemania|Deutschland|Allemagne|BRD
DJ=DJI|Djibouti|Djibuti|Jibuti|جيبوتي|Džibutsko|吉布提|Yibuti|Dschibuti
DK=DNK|Denmark|Dinamarca|الدانمرك|Dánsko|Danemarca|丹麦|Dänemark|Danemark
DM=DMA|Dominica|Domínica|دومينيكا|Dominika|多米尼克|Dominique
DO=DOM|Dominican Republic|República Dominicana|جمهورية الدومينيكان|Dominikánská republika|Republica Dominicană|
   多米尼加共和国|Dominikanische Republik|République dominicaine
DZ=DZA|Algeria|Argélia|الجزائر|Alžírsko|阿尔及利亚|Argelia|Algerien|Algérie
EC=ECU|Ecuador|Equador|الإكوادور|Ekvádor|厄瓜多尔|Équateur
EE=EST|Estonia|Estônia|Estónia|إستونيا|Estonsko|爱沙尼亚|Estland|Estonie
EG=EGY|Egypt|Egito|مصر|Egipt|埃及|Egipto|Ägypten|Égypte
EH=ESH|Western Sahara|Saara Ocidental|Sara Ocidental|الصحراء الغربية|Západní Sahara|Sahara Occidentală|西撒哈拉|
   Sáhara Occidental|Westsahara|Sahara occidental
ER=ERI|Eritrea|Eritreia|إريتريا|Eritreea|厄立特里亚|Érythrée
ES=ESP|Spain|Espanha|إسبانيا|Španělsko|Spania|西班牙|España|Spanien|Espagne
ET=ETH|Ethiopia|Etiópia|إثيوبيا|Etiopie|Etiopia|埃塞俄比亚|Etiopía|Äthiopien|Éthiopie
FI=FIN|Finland|Finlândia|فنلندا|Finsko|Finlanda|芬兰|Finlandia|Finnland|Finlande
FJ=FJI|Fiji|فيجي|Fidži|斐济|Fiyi|Fidschi|Fidji
FK=FLK|Falkland Islands|Ilhas Malvinas|Ilhas Falkland|جزر فوكلاند|Falklandské ostrovy|Insulele Falkland|福克兰群岛|
   Islas Malvinas|Falklandinseln|Îles Malouines
FM=FSM|Micronesia|Micronésia|ميكرونيزيا|Mikronésie|Micronezia|密克罗尼西亚|Mikronesien|Micronésie
FO=FRO|Faroe Islands|Ilhas Faroé|جزر فارو|Faerské ostrovy|Insulele Feroe|法罗群岛|Islas Feroe|Färöer|Îles Féroé
FR=FXX|France|França|فرنسا|Francie|Franța|法国|Francia|Frankreich
GA=GAB|Gabon|Gabão|الغابون|加蓬|Gabón|Gabun
GB=GBR|United Kingdom|Reino Unido|المملكة المتحدة|Spojené království|Regatul Unit|英国|Vereinigtes Königreich|
   Royaume-Uni|UK|Great Britain|England|Scotland|Wales|Inglaterra
GD=GRD|Grenada|Granada|غرينادا|格林纳达|Grenade
GE=GEO|Georgia|Geórgia|جورجيا|Gruzie|格鲁吉亚|Georgien|Géorgie
GF=GUF|French Guiana|Guiana Francesa|غويانا الفرنسية|Francouzská Guyana|Guyana Franceză|法属圭亚那|Guayana Francesa|
   Französisch-Guayana|Guyane française
GG=GGY|Guernsey|Guernesey|غيرنزي|根西岛
GH=GHA|Ghana|Gana|غانا|加纳
GI=GIB|Gibraltar|جبل طارق|直布罗陀
GL=GRL|Greenland|Groenlândia|Gronelândia|غرينلاند|Grónsko|Groenlanda|格陵兰|Groenlandia|Grönland|Groenland
GM=GMB|Gambia|Gâmbia|غامبيا|Gambie|冈比亚
GN=GIN|Guinea|Guiné|غينيا|Guineea|几内亚|Guinée
GP=GLP|Guadeloupe|Guadalupe|غوادلوب|Guadelupa|瓜德罗普
GQ=GNQ|Equatorial Guinea|Guiné Equatorial|غينيا الاستوائية|Rovníková Guinea|Guineea Ecuatorială|赤道几内亚|
   Guinea Ecuatorial|Äquatorialguinea|Guinée équatoriale
GR=GRC|Greece|Grécia|اليونان|Řecko|Grecia|希腊|Griechenland|Grèce
GT=GTM|Guatemala|غواتيمالا|危地马拉
GU=GUM|Guam|Guame|غوام|关岛
GW=GNB|Guinea-Bissau|Guiné-Bissau|غينيا بيساو|Guineea-Bissau|几内亚比绍|Guinea-Bisáu|Guinée-Bissau
GY=GUY|Guyana|Guiana|غيانا|圭亚那
HK=HKG|Hong Kong SAR China|Hong Kong, RAE da China|هونغ كونغ الصينية (منطقة إدارية خاصة)|Hongkong – ZAO Číny|
   R.A.S. Hong Kong, China|中国香港特别行政区|RAE de Hong Kong (China)|Sonderverwaltungsregion Hongkong|
   R.A.S. chinoise de Hong Kong|Hong Kong|香港
HN=HND|Honduras|هندوراس|洪都拉斯
HR=HRV|Croatia|Croácia|كرواتيا|Chorvatsko|Croația|克罗地亚|Croacia|Kroatien|Croatie
HT=HTI|Haiti|هايتي|海地|Haití|Haïti
HU=HUN|Hungary|Hungria|هنغاريا|Maďarsko|Ungaria|匈牙利|Hungría|Ungarn|Hongrie
ID=IDN|Indonesia|Indonésia|إندونيسيا|Indonésie|Indonezia|印度尼西亚|Indonesien
IE=IRL|Ireland|Irlanda|أيرلندا|Irsko|爱尔兰|Irland|Irlande
IL=ISR|Israel|إسرائيل|Izrael|以色列|Israël
IM=IMN|Isle of Man|Ilha de Man|جزيرة مان|Ostrov Man|Insula Man|马恩岛|Isla de Man|Île de Man
IN=IND|India|Índia|الهند|Indie|印度|Indien|Inde
IO=IOT|British Indian Ocean Territory|Território Britânico do Oceano Índico|الإقليم البريطاني في المحيط الهندي|
   Britské indickooceánské území|Teritoriul Britanic din Oceanul Indian|英属印度洋领地|
   Territorio Británico del Océano Índico|Britisches Territorium im Indischen Ozean|
   Territoire britannique de l’océan Indien
IQ=IRQ|Iraq|Iraque|العراق|Irák|Irak|伊拉克
IR=IRN|Iran|Irã|Irão|إيران|Írán|伊朗|Irán
IS=ISL|Iceland|Islândia|آيسلندا|Island|Islanda|冰岛|Islandia|Islande
IT=ITA|Italy|Itália|إيطاليا|Itálie|Italia|意大利|Italien|Italie
JE=JEY|Jersey|جيرسي|泽西岛
JM=JAM|Jamaica|جامايكا|Jamajka|牙买加|Jamaika|Jamaïque
JO=JOR|Jordan|Jordânia|الأردن|Jordánsko|Iordania|约旦|Jordania|Jordanien|Jordanie
JP=JPN|Japan|Japão|اليابان|Japonsko|Japonia|日本|Japón|Japon
KE=KEN|Kenya|Quênia|Quénia|كينيا|Keňa|肯尼亚|Kenia
KG=KGZ|Kyrgyzstan|Quirguistão|قيرغيزستان|Kyrgyzstán|Kârgâzstan|吉尔吉斯斯坦|Kirguistán|Kirgisistan|Kirghizstan
KH=KHM|Cambodia|Camboja|كمبوديا|Kambodža|Cambodgia|柬埔寨|Camboya|Kambodscha|Cambodge
KI=KIR|Kiribati|Quiribati|Quiribáti|كيريباتي|基里巴斯
KM=COM|Comoros|Comores|جزر القمر|Komory|Comore|科摩罗|Comoras|Komoren
KN=KNA|St. Kitts & Nevis|São Cristóvão e Névis|São Cristóvão e Neves|سانت كيتس ونيفيس|Svatý Kryštof a Nevis|
   Saint Kitts și Nevis|圣基茨和尼维斯|San Cristóbal y Nieves|St. Kitts und Nevis|Saint-Christophe-et-Niévès
KP=PRK|North Korea|Coreia do Norte|كوريا الشمالية|Severní Korea|Coreea de Nord|朝鲜|Corea del Norte|Nordkorea|
   Corée du Nord
KR=KOR|South Korea|Coreia do Sul|كوريا الجنوبية|Jižní Korea|Coreea de Sud|韩国|Corea del Sur|Südkorea|
   Corée du Sud|Korea
KW=KWT|Kuwait|Koweit|الكويت|Kuvajt|Kuweit|科威特|Koweït
KY=CYM|Cayman Islands|Ilhas Cayman|Ilhas Caimão|جزر كايمان|Kajmanské ostrovy|Insulele Cayman|开曼群岛|Islas Caimán|
   Kaimaninseln|Îles Caïmans
KZ=KAZ|Kazakhstan|Cazaquistão|كازاخستان|Kazachstán|Kazahstan|哈萨克斯坦|Kazajistán|Kasachstan
LA=LAO|Laos|لاوس|老挝
LB=LBN|Lebanon|Líbano|لبنان|Libanon|Liban|黎巴嫩
LC=LCA|St. Lucia|Santa Lúcia|سانت لوسيا|Svatá Lucie|Sfânta Lucia|圣卢西亚|Santa Lucía|Sainte-Lucie
LI=LIE|Liechtenstein|Listenstaine|ليختنشتاين|Lichtenštejnsko|列支敦士登
LK=LKA|Sri Lanka|Sri Lanca|سريلانكا|Srí Lanka|斯里兰卡
LR=LBR|Liberia|Libéria|ليبيريا|Libérie|利比里亚
LS=LSO|Lesotho|Lesoto|ليسوتو|莱索托
LT=LTU|Lithuania|Lituânia|ليتوانيا|Litva|Lituania|立陶宛|Litauen|Lituanie
LU=LUX|Luxembourg|Luxemburgo|لوكسمبورغ|Lucembursko|Luxemburg|卢森堡
LV=LVA|Latvia|Letônia|Letónia|لاتفيا|Lotyšsko|Letonia|拉脱维亚|Lettland|Lettonie
LY=LBY|Libya|Líbia|ليبيا|Libye|Libia|利比亚|Libyen
MA=MAR|Morocco|Marrocos|المغرب|Maroko|Maroc|摩洛哥|Marruecos|Marokko
MC=MCO|Monaco|Mônaco|Mónaco|موناكو|Monako|摩纳哥
MD=MDA|Moldova|Moldávia|مولدوفا|Moldavsko|Republica Moldova|摩尔多瓦|Moldavia|Republik Moldau|Moldavie
ME=MNE|Montenegro|الجبل الأسود|Černá Hora|Muntenegru|黑山|Monténégro
MF=MAF|St. Martin|São Martinho|São Martinho (Saint-Martin)|سان مارتن|Svatý Martin (Francie)|Sfântul Martin|
   法属圣马丁|San Martín|Saint-Martin
MG=MDG|Madagascar|Madagáscar|مدغشقر|Madagaskar|马达加斯加
MH=MHL|Marshall Islands|Ilhas Marshall|جزر مارشال|Marshallovy ostrovy|Insulele Marshall|马绍尔群岛|Islas Marshall|
   Marshallinseln|Îles Marshall
MK=MKD|North Macedonia|Macedônia do Norte|Macedónia do Norte|مقدونيا الشمالية|Severní Makedonie|
   Macedonia de Nord|北马其顿|Macedonia del Norte|Nordmazedonien|Macédoine du Nord|Macedonia
ML=MLI|Mali|مالي|马里
MM=MMR|Myanmar (Burma)|Mianmar (Birmânia)|ميانمار (بورما)|Myanmar (Barma)|Myanmar (Birmania)|缅甸|Myanmar|
   Myanmar (Birmanie)
MN=MNG|Mongolia|Mongólia|منغوليا|Mongolsko|蒙古|Mongolei|Mongolie
MO=MAC|Macao SAR China|Macau, RAE da China|منطقة ماكاو الإدارية الخاصة|Macao – ZAO Číny|R.A.S. Macao, China|
   中国澳门特别行政区|RAE de Macao (China)|Sonderverwaltungsregion Macau|R.A.S. chinoise de Macao|Macau|Macao|澳门
MP=MNP|Northern Mariana Islands|Ilhas Marianas do Norte|جزر ماريانا الشمالية|Severní Mariany|
   Insulele Mariane de Nord|北马里亚纳群岛|Islas Marianas del Norte|Nördliche Marianen|Îles Mariannes du Nord
MQ=MTQ|Martinique|Martinica|جزر المارتينيك|Martinik|马提尼克
MR=MRT|Mauritania|Mauritânia|موريتانيا|Mauritánie|毛里塔尼亚|Mauretanien|Mauritanie
MS=MSR|Montserrat|Monserrate|مونتسرات|蒙特塞拉特
MT=MLT|Malta|مالطا|马耳他|Malte
MU=MUS|Mauritius|Maurício|Maurícia|موريشيوس|Mauricius|毛里求斯|Mauricio|Maurice
MV=MDV|Maldives|Maldivas|جزر المالديف|Maledivy|Maldive|马尔代夫|Malediven
MW=MWI|Malawi|Malaui|Maláui|ملاوي|马拉维
MX=MEX|Mexico|México|المكسيك|Mexiko|Mexic|墨西哥|Mexique
MY=MYS|Malaysia|Malásia|ماليزيا|Malajsie|马来西亚|Malasia|Malaisie
MZ=MOZ|Mozambique|Moçambique|موزمبيق|Mosambik|Mozambic|莫桑比克
NA=NAM|Namibia|Namíbia|ناميبيا|Namibie|纳米比亚
NC=NCL|New Caledonia|Nova Caledônia|Nova Caledónia|كاليدونيا الجديدة|Nová Kaledonie|Noua Caledonie|新喀里多尼亚|
   Nueva Caledonia|Neukaledonien|Nouvelle-Calédonie
NE=NER|Niger|Níger|النيجر|尼日尔
NF=NFK|Norfolk Island|Ilha Norfolk|جزيرة نورفولك|Norfolk|Insula Norfolk|诺福克岛|Isla Norfolk|Norfolkinsel|
   Île Norfolk
NG=NGA|Nigeria|Nigéria|نيجيريا|Nigérie|尼日利亚
NI=NIC|Nicaragua|Nicarágua|نيكاراغوا|Nikaragua|尼加拉瓜
NL=NLD|Netherlands|Países Baixos|هولندا|Nizozemsko|Țările de Jos|荷兰|Países Bajos|Niederlande|Pays-Bas|Holland|
   Holanda
NO=NOR|Norway|Noruega|النرويج|Norsko|Norvegia|挪威|Norwegen|Norvège
NP=NPL|Nepal|نيبال|Nepál|尼泊尔|Népal
NR=NRU|Nauru|ناورو|瑙鲁
NU=NIU|Niue|Niuê|نيوي|纽埃
NZ=NZL|New Zealand|Nova Zelândia|نيوزيلندا|Nový Zéland|Noua Zeelandă|新西兰|Nueva Zelanda|Neuseeland|
   Nouvelle-Zélande
OM=OMN|Oman|Omã|عُمان|Omán|阿曼
PA=PAN|Panama|Panamá|بنما|巴拿马
PE=PER|Peru|بيرو|秘鲁|Perú|Pérou
PF=PYF|French Polynesia|Polinésia Francesa|بولينيزيا الفرنسية|Francouzská Polynésie|Polinezia Franceză|法属波利尼西亚|
   Polinesia Francesa|Französisch-Polynesien|Polynésie française
PG=PNG|Papua New Guinea|Papua-Nova Guiné|بابوا غينيا الجديدة|Papua-Nová Guinea|Papua-Noua Guinee|巴布亚新几内亚|
   Papúa Nueva Guinea|Papua-Neuguinea|Papouasie-Nouvelle-Guinée
PH=PHL|Philippines|Filipinas|الفلبين|Filipíny|Filipine|菲律宾|Philippinen
PK=PAK|Pakistan|Paquistão|باكستان|Pákistán|巴基斯坦|Pakistán
PL=POL|Poland|Polônia|Polónia|بولندا|Polsko|Polonia|波兰|Polen|Pologne
PM=SPM|St. Pierre & Miquelon|São Pedro e Miquelão|سان بيير ومكويلون|Saint-Pierre a Miquelon|
   Saint-Pierre și Miquelon|圣皮埃尔和密克隆群岛|San Pedro y Miquelón|St. Pierre und Miquelon|Saint-Pierre-et-Miquelon
PR=PRI|Puerto Rico|Porto Rico|بورتوريكو|Portoriko|波多黎各
PS=PSE|Palestinian Territories|Territórios palestinos|Territórios palestinianos|الأراضي الفلسطينية|
   Palestinská území|Teritoriile Palestiniene|巴勒斯坦领土|Territorios Palestinos|Palästinensische Autonomiegebiete|
   Territoires palestiniens
PT=PRT|Portugal|البرتغال|Portugalsko|Portugalia|葡萄牙|Portuguesa
PW=PLW|Palau|بالاو|帕劳|Palaos
PY=PRY|Paraguay|Paraguai|باراغواي|巴拉圭
QA=QAT|Qatar|Catar|قطر|Katar|卡塔尔
RE=REU|Réunion|Reunião|روينيون|留尼汪|Reunión|La Réunion
RO=ROU|Romania|Romênia|Roménia|رومانيا|Rumunsko|România|罗马尼亚|Rumanía|Rumänien|Roumanie
RS=SRB|Serbia|Sérvia|صربيا|Srbsko|塞尔维亚|Serbien|Serbie
RU=RUS|Russia|Rússia|روسيا|Rusko|Rusia|俄罗斯|Russland|Russie|Russian Federation
RW=RWA|Rwanda|Ruanda|رواندا|卢旺达
SA=SAU|Saudi Arabia|Arábia Saudita|المملكة العربية السعودية|Saúdská Arábie|Arabia Saudită|沙特阿拉伯|Arabia Saudí|
   Saudi-Arabien|Arabie saoudite|KSA|السعودية
SB=SLB|Solomon Islands|Ilhas Salomão|جزر سليمان|Šalamounovy ostrovy|Insulele Solomon|所罗门群岛|Islas Salomón|
   Salomonen|Îles Salomon
SC=SYC|Seychelles|Seicheles|سيشل|Seychely|塞舌尔|Seychellen
SD=SDN|Sudan|Sudão|السودان|Súdán|苏丹|Sudán|Soudan
SE=SWE|Sweden|Suécia|السويد|Švédsko|Suedia|瑞典|Suecia|Schweden|Suède
SG=SGP|Singapore|Singapura|سنغافورة|Singapur|新加坡|Singapour
SH=SHN|St. Helena|Santa Helena|سانت هيلينا|Svatá Helena|Sfânta Elena|圣赫勒拿|Santa Elena|Sainte-Hélène
SI=SVN|Slovenia|Eslovênia|Eslovénia|سلوفينيا|Slovinsko|斯洛文尼亚|Eslovenia|Slowenien|Slovénie
SJ=SJM|Svalbard & Jan Mayen|Svalbard e Jan Mayen|سفالبارد وجان ماين|Špicberky a Jan Mayen|Svalbard și Jan Mayen|
   斯瓦尔巴和扬马延|Svalbard y Jan Mayen|Spitzbergen und Jan Mayen|Svalbard et Jan Mayen
SK=SVK|Slovakia|Eslováquia|سلوفاكيا|Slovensko|Slovacia|斯洛伐克|Eslovaquia|Slowakei|Slovaquie
SL=SLE|Sierra Leone|Serra Leoa|سيراليون|塞拉利昂|Sierra Leona
SM=SMR|San Marino|São Marinho|سان مارينو|圣马力诺|Saint-Marin
SN=SEN|Senegal|السنغال|塞内加尔|Sénégal
SO=SOM|Somalia|Somália|الصومال|Somálsko|索马里|Somalie
SR=SUR|Suriname|سورينام|Surinam|苏里南
SS=SSD|South Sudan|Sudão do Sul|جنوب السودان|Jižní Súdán|Sudanul de Sud|南苏丹|Sudán del Sur|Südsudan|Soudan du Sud
ST=STP|São Tomé & Príncipe|São Tomé e Príncipe|ساو تومي وبرينسيبي|Svatý Tomáš a Princův ostrov|
   São Tomé și Príncipe|圣多美和普林西比|Santo Tomé y Príncipe|São Tomé und Príncipe|Sao Tomé-et-Principe
SV=SLV|El Salvador|Salvador|السلفادور|萨尔瓦多
SX=SXM|Sint Maarten|São Martinho (Sint Maarten)|سانت مارتن|Svatý Martin (Nizozemsko)|Sint-Maarten|荷属圣马丁|
   Saint-Martin (partie néerlandaise)
SY=SYR|Syria|Síria|سوريا|Sýrie|Siria|叙利亚|Syrien|Syrie
SZ=SWZ|Eswatini|Essuatíni|إسواتيني|斯威士兰|Esuatini
TC=TCA|Turks & Caicos Islands|Ilhas Turcas e Caicos|جزر توركس وكايكوس|Turks a Caicos|Insulele Turks și Caicos|
   特克斯和凯科斯群岛|Islas Turcas y Caicos|Turks- und Caicosinseln|Îles Turques-et-Caïques
TD=TCD|Chad|Chade|تشاد|Čad|Ciad|乍得|Tschad|Tchad
TG=TGO|Togo|توغو|多哥
TH=THA|Thailand|Tailândia|تايلاند|Thajsko|Thailanda|泰国|Tailandia|Thaïlande
TJ=TJK|Tajikistan|Tadjiquistão|Tajiquistão|طاجيكستان|Tádžikistán|Tadjikistan|塔吉克斯坦|Tayikistán|Tadschikistan
TK=TKL|Tokelau|Toquelau|توكيلاو|托克劳
TL=TMP|Timor-Leste|تيمور - ليشتي|Východní Timor|东帝汶|Timor oriental
TM=TKM|Turkmenistan|Turcomenistão|Turquemenistão|تركمانستان|Turkmenistán|土库曼斯坦|Turkménistan
TN=TUN|Tunisia|Tunísia|تونس|Tunisko|突尼斯|Túnez|Tunesien|Tunisie
TO=TON|Tonga|تونغا|汤加
TR=TUR|Türkiye|Turquia|تركيا|Turecko|Turcia|土耳其|Turquía|Türkei|Turquie|Turkey
TT=TTO|Trinidad & Tobago|Trinidad e Tobago|Trindade e Tobago|ترينيداد وتوباغو|Trinidad a Tobago|
   Trinidad și Tobago|特立尼达和多巴哥|Trinidad y Tobago|Trinidad und Tobago|Trinité-et-Tobago
TV=TUV|Tuvalu|توفالو|图瓦卢
TW=TWN|Taiwan|تايوان|Tchaj-wan|台湾|Taiwán|Taïwan
TZ=TZA|Tanzania|Tanzânia|تنزانيا|Tanzanie|坦桑尼亚|Tansania
UA=UKR|Ukraine|Ucrânia|أوكرانيا|Ukrajina|Ucraina|乌克兰|Ucrania
UG=UGA|Uganda|أوغندا|乌干达|Ouganda
US=USA|United States|Estados Unidos|الولايات المتحدة|Spojené státy|Statele Unite ale Americii|美国|
   Vereinigte Staaten|États-Unis|USA|U.S.A.|EUA|Estados Unidos da América|United States of America|SUA
UY=URY|Uruguay|Uruguai|أورغواي|乌拉圭
UZ=UZB|Uzbekistan|Uzbequistão|Usbequistão|أوزبكستان|Uzbekistán|乌兹别克斯坦|Usbekistan|Ouzbékistan
VA=VAT|Vatican City|Cidade do Vaticano|الفاتيكان|Vatikán|Statul Cetății Vaticanului|梵蒂冈|Ciudad del Vaticano|
   Vatikanstadt|État de la Cité du Vatican
VC=VCT|St. Vincent & Grenadines|São Vicente e Granadinas|سانت فنسنت وجزر غرينادين|Svatý Vincenc a Grenadiny|
   Saint Vincent și Grenadinele|圣文森特和格林纳丁斯|San Vicente y las Granadinas|St. Vincent und die Grenadinen|
   Saint-Vincent-et-les Grenadines
VE=VEN|Venezuela|فنزويلا|委内瑞拉
VG=VGB|British Virgin Islands|Ilhas Virgens Britânicas|جزر فيرجن البريطانية|Britské Panenské ostrovy|
   Insulele Virgine Britanice|英属维尔京群岛|Islas Vírgenes Británicas|Britische Jungferninseln|
   Îles Vierges britanniques
VI=VIR|U.S. Virgin Islands|Ilhas Virgens Americanas|Ilhas Virgens dos EUA|جزر فيرجن الأمريكية|
   Americké Panenské ostrovy|Insulele Virgine Americane|美属维尔京群岛|Islas Vírgenes de EE. UU.|
   Amerikanische Jungferninseln|Îles Vierges des États-Unis
VN=VNM|Vietnam|Vietnã|Vietname|فيتنام|越南|Viêt Nam
VU=VUT|Vanuatu|فانواتو|瓦努阿图
WF=WLF|Wallis & Futuna|Wallis e Futuna|جزر والس وفوتونا|Wallis a Futuna|Wallis și Futuna|瓦利斯和富图纳|
   Wallis y Futuna|Wallis und Futuna|Wallis-et-Futuna
WS=WSM|Samoa|ساموا|萨摩亚
XK=XKK|Kosovo|كوسوفو|科索沃
YE=YEM|Yemen|Iêmen|Iémen|اليمن|Jemen|也门|Yémen
YT=MYT|Mayotte|Maiote|مايوت|马约特
ZA=ZAF|South Africa|África do Sul|جنوب أفريقيا|Jihoafrická republika|Africa de Sud|南非|Sudáfrica|Südafrika|
   Afrique du Sud
ZM=ZMB|Zambia|Zâmbia|زامبيا|Zambie|赞比亚|Sambia
ZW=ZWE|Zimbabwe|Zimbábue|Zimbabué|زيمبابوي|津巴布韦|Zimbabue|Simbabwe
"""


def find_country(text: str) -> str:
    """The ISO 3166 code of a country given by code or name, in any of the languages; empty when there is none."""
    return _by_name().get(fold_text(text), "")


def name_country(code: str) -> str:
    """The English name of a country, or its code where it has none here."""
    return _names().get(code, code)


def name_countries() -> dict[str, str]:
    """The English name of every country by its code."""
    return dict(_names())


def list_countries() -> list[str]:
    """The English names of all countries, in their order."""
    return sorted(_names().values())


@cache
def _names() -> dict[str, str]:
    return {code: next(name for name in names if len(name) > 3 or name in {"Chad"}) for code, names in _entries()}


@cache
def _by_name() -> dict[str, str]:
    found: dict[str, str] = {}
    for code, names in _entries():
        for name in (code, *names):
            found.setdefault(fold_text(name), code)
    return found


@cache
def _entries() -> tuple[tuple[str, tuple[str, ...]], ...]:
    joined = _TABLE.strip().replace("\n   ", "")
    pairs = (line.partition("=") for line in joined.splitlines())
    return tuple((code, tuple(names.split("|"))) for code, _, names in pairs)
