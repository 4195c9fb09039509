"""Languages as lists write them: tags (`pt`, `pt-BR`, `pt_BR`), and names in the languages of our users.

Names are from Unicode CLDR, each language's own first. One line a language: `tag=names`, indented lines go on.
"""

import re
from functools import cache

from tertulia.core.folding import fold_text

_TAG = re.compile(r"([A-Za-z]{2,3})(?:[-_]([A-Za-z]{4}))?(?:[-_]([A-Za-z]{2}|\d{3}))?(?:[.@].*)?")

_TABLE = """
en=English|inglês|الإنجليزية|angličtina|engleză|英语|inglés|Englisch|anglais
pt=português|Portuguese|البرتغالية|portugalština|portugheză|葡萄牙语|portugués|Portugiesisch|portugais
ar=العربية|Arabic|árabe|arabština|arabă|阿拉伯语|Arabisch|arabe
cs=čeština|Czech|tcheco|التشيكية|cehă|捷克语|checo|Tschechisch|tchèque
ro=română|Romanian|romeno|الرومانية|rumunština|罗马尼亚语|rumano|Rumänisch|roumain
zh=中文|Chinese|chinês|الصينية|čínština|chineză|chino|Chinesisch|chinois
es=español|Spanish|espanhol|الإسبانية|španělština|spaniolă|西班牙语|Spanisch|espagnol
de=Deutsch|German|alemão|الألمانية|němčina|germană|德语|alemán|allemand
fr=français|French|francês|الفرنسية|francouzština|franceză|法语|francés|Französisch
it=italiano|Italian|الإيطالية|italština|italiană|意大利语|Italienisch|italien
nl=Nederlands|Dutch|holandês|الهولندية|nizozemština|neerlandeză|荷兰语|neerlandés|Niederländisch|néerlandais
pl=polski|Polish|polonês|البولندية|polština|poloneză|波兰语|polaco|Polnisch|polonais
hu=magyar|Hungarian|húngaro|الهنغارية|maďarština|maghiară|匈牙利语|Ungarisch|hongrois
sk=slovenčina|Slovak|eslovaco|السلوفاكية|slovenština|slovacă|斯洛伐克语|Slowakisch|slovaque
sl=slovenščina|Slovenian|esloveno|السلوفانية|slovinština|slovenă|斯洛文尼亚语|Slowenisch|slovène
hr=hrvatski|Croatian|croata|الكرواتية|chorvatština|croată|克罗地亚语|Kroatisch|croate
sr=српски|Serbian|sérvio|الصربية|srbština|sârbă|塞尔维亚语|serbio|Serbisch|serbe
bg=български|Bulgarian|búlgaro|البلغارية|bulharština|bulgară|保加利亚语|Bulgarisch|bulgare
ru=русский|Russian|russo|الروسية|ruština|rusă|俄语|ruso|Russisch|russe
uk=українська|Ukrainian|ucraniano|الأوكرانية|ukrajinština|ucraineană|乌克兰语|Ukrainisch|ukrainien
be=беларуская|Belarusian|bielorrusso|البيلاروسية|běloruština|belarusă|白俄罗斯语|bielorruso|Belarussisch|biélorusse
el=Ελληνικά|Greek|grego|اليونانية|řečtina|greacă|希腊语|griego|Griechisch|grec
tr=Türkçe|Turkish|turco|التركية|turečtina|turcă|土耳其语|Türkisch|turc
he=עברית|Hebrew|hebraico|العبرية|hebrejština|ebraică|希伯来语|hebreo|Hebräisch|hébreu
fa=فارسی|Persian|persa|الفارسية|perština|persană|波斯语|Persisch|persan
ur=اردو|Urdu|urdu|الأوردية|urdština|乌尔都语|ourdou
hi=हिन्दी|Hindi|híndi|الهندية|hindština|hindi|印地语
bn=বাংলা|Bangla|bengali|البنغالية|bengálština|bengaleză|孟加拉语|bengalí|Bengalisch
ta=தமிழ்|Tamil|tâmil|التاميلية|tamilština|tamilă|泰米尔语|tamil|tamoul
te=తెలుగు|Telugu|télugo|التيلوغوية|telugština|telugu|泰卢固语|télougou
th=ไทย|Thai|tailandês|التايلاندية|thajština|thailandeză|泰语|tailandés|Thailändisch|thaï
vi=Tiếng Việt|Vietnamese|vietnamita|الفيتنامية|vietnamština|vietnameză|越南语|Vietnamesisch|vietnamien
id=Indonesia|Indonesian|indonésio|الإندونيسية|indonéština|indoneziană|印度尼西亚语|indonesio|Indonesisch|indonésien
ms=Melayu|Malay|malaio|الماليزية|malajština|malaeză|马来语|malayo|Malaiisch|malais
tl=Tagalog|tagalo|التاغالوغية|tagalog|他加禄语
ja=日本語|Japanese|japonês|اليابانية|japonština|japoneză|日语|japonés|Japanisch|japonais
ko=한국어|Korean|coreano|الكورية|korejština|coreeană|韩语|Koreanisch|coréen
sv=svenska|Swedish|sueco|السويدية|švédština|suedeză|瑞典语|Schwedisch|suédois
nb=norsk bokmål|Norwegian Bokmål|bokmål norueguês|النرويجية بوكمال|norština (bokmål)|norvegiană bokmål|书面挪威语|
   noruego bokmal|Norwegisch (Bokmål)|norvégien bokmål
da=dansk|Danish|dinamarquês|الدانمركية|dánština|daneză|丹麦语|danés|Dänisch|danois
fi=suomi|Finnish|finlandês|الفنلندية|finština|finlandeză|芬兰语|finés|Finnisch|finnois
et=eesti|Estonian|estoniano|الإستونية|estonština|estonă|爱沙尼亚语|estonio|Estnisch|estonien
lv=latviešu|Latvian|letão|اللاتفية|lotyština|letonă|拉脱维亚语|letón|Lettisch|letton
lt=lietuvių|Lithuanian|lituano|الليتوانية|litevština|lituaniană|立陶宛语|Litauisch|lituanien
is=íslenska|Icelandic|islandês|الأيسلندية|islandština|islandeză|冰岛语|islandés|Isländisch|islandais
ga=Gaeilge|Irish|irlandês|الأيرلندية|irština|irlandeză|爱尔兰语|irlandés|Irisch|irlandais
ca=català|Catalan|catalão|الكتالانية|katalánština|catalană|加泰罗尼亚语|catalán|Katalanisch|catalan
eu=euskara|Basque|basco|الباسكية|baskičtina|bască|巴斯克语|euskera|Baskisch|basque
gl=galego|Galician|الجاليكية|galicijština|galiciană|加利西亚语|gallego|Galicisch|galicien
sq=shqip|Albanian|albanês|الألبانية|albánština|albaneză|阿尔巴尼亚语|albanés|Albanisch|albanais
mk=македонски|Macedonian|macedônio|المقدونية|makedonština|macedoneană|马其顿语|macedonio|Mazedonisch|macédonien
ka=ქართული|Georgian|georgiano|الجورجية|gruzínština|georgiană|格鲁吉亚语|Georgisch|géorgien
hy=հայերեն|Armenian|armênio|الأرمنية|arménština|armeană|亚美尼亚语|armenio|Armenisch|arménien
az=azərbaycan|Azerbaijani|azerbaijano|الأذربيجانية|ázerbájdžánština|azeră|阿塞拜疆语|azerbaiyano|Aserbaidschanisch|
   azerbaïdjanais
kk=қазақ тілі|Kazakh|cazaque|الكازاخستانية|kazaština|kazahă|哈萨克语|kazajo|Kasachisch|kazakh
uz=o‘zbek|Uzbek|uzbeque|الأوزبكية|uzbečtina|uzbecă|乌兹别克语|uzbeko|Usbekisch|ouzbek
mn=монгол|Mongolian|mongol|المنغولية|mongolština|mongolă|蒙古语|Mongolisch
sw=Kiswahili|Swahili|suaíli|السواحلية|svahilština|swahili|斯瓦希里语|suajili|Suaheli
am=አማርኛ|Amharic|amárico|الأمهرية|amharština|amharică|阿姆哈拉语|Amharisch|amharique
so=Soomaali|Somali|somali|الصومالية|somálština|somaleză|索马里语|somalí
ha=Hausa|hauçá|الهوسا|hauština|hausa|豪萨语|Haussa|haoussa
yo=Èdè Yorùbá|Yoruba|iorubá|اليوروبا|jorubština|yoruba|约鲁巴语
zu=isiZulu|Zulu|zulu|الزولو|zuluština|祖鲁语|zulú|zoulou
af=Afrikaans|africâner|الأفريقانية|afrikánština|afrikaans|南非荷兰语|afrikáans
mt=Malti|Maltese|maltês|المالطية|maltština|malteză|马耳他语|maltés|Maltesisch|maltais
lb=Lëtzebuergesch|Luxembourgish|luxemburguês|اللكسمبورغية|lucemburština|luxemburgheză|卢森堡语|luxemburgués|
   Luxemburgisch|luxembourgeois
"""


def find_language(text: str) -> str:
    """The BCP 47 tag (`pt-BR`) of a language given by tag or name; empty when there is none."""
    found = _TAG.fullmatch(text.strip())
    if found is not None and found[1].lower() in _tags():
        parts = (found[1].lower(), (found[2] or "").title(), (found[3] or "").upper())
        return "-".join(part for part in parts if part)
    return _by_name().get(fold_text(text), "")


def name_language(tag: str) -> str:
    """A language in its own words, with what its tag adds: `português (BR)`; the tag itself of an unknown one."""
    language, _, more = tag.partition("-")
    name = list_languages().get(language.lower(), "")
    return f"{name} ({more})" if name and more else name or tag


@cache
def list_languages() -> dict[str, str]:
    """Each language's own name by its tag, in the order of the table."""
    names: dict[str, str] = {}
    for name, tag in _by_name(folded=False).items():
        names.setdefault(tag, name)
    return names


@cache
def _tags() -> frozenset[str]:
    return frozenset(_by_name().values())


@cache
def _by_name(*, folded: bool = True) -> dict[str, str]:
    found: dict[str, str] = {}
    for line in _TABLE.strip().replace("\n   ", "").splitlines():
        tag, _, names = line.partition("=")
        for name in names.split("|"):
            found.setdefault(fold_text(name) if folded else name, tag)
    return found
