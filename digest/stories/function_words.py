"""The little words that show a language: articles, prepositions, conjunctions, auxiliaries.

Beside them a few of the commonest verbs and numbers of the news. Languages that share most of
theirs stand on one line, as they cannot be told apart by them.
"""

# The BCP 47 tags of each line, the first of which names it, and its words.
FUNCTION_WORDS = {
    "en": "a the of and to in is that for it as was with be by on not he his from at "
    "are this have an has were which their after will been who its had would "
    "about more than but they said",
    "de": "der die und das den von zu mit sich des auf für ist im dem nicht ein eine "
    "als auch es an werden aus er hat dass sie nach wird bei einer um am sind "
    "noch wie einem über einen so zum war haben nur oder aber vor zur bis mehr "
    "durch man sein wurde sei",
    "nl af": "de het een van en in is dat op te zijn met voor niet aan er om die ook als "
    "dan maar bij door nog naar heeft uit wordt over hij tot ze deze werd geen "
    "meer wel hebben zal",
    "fr": "a y de la le les et des en un une du dans est que pour qui par sur au pas ne "
    "se plus ce sont avec il aux son sa ont cette ses mais comme été ou leur elle "
    "après deux sans",
    "es gl": "y a e o es de la que el en los del se las por un para con no una su al lo como "
    "más sus le ha este sí porque esta entre cuando muy sin sobre también hasta "
    "hay donde desde todo nos fue han según ya durante",
    "ca": "i a de la el els les que en per un una amb del no dels és al va ha més "
    "aquest aquesta pel com són també però ser seva seu han fins als entre sobre "
    "des on després molt",
    "it": "e a i di che la il un per in una è del della sono con non si le da al nel "
    "dei come più gli alla ha ma delle dal anche lo su nella stato degli ai dalla "
    "tra questo hanno essere dopo era",
    "pt": "a e o de que do da em um para com uma os no se na por mais as dos como mas "
    "ao das foi não à seu sua ou ser quando muito há nos já está pelo pela até "
    "isso ela entre depois sem são",
    "ro": "a o de în și la cu din pe un care nu pentru să că este sunt mai au fost prin "
    "al ai ale lui sau după cel cea într fi acest această dintre între despre "
    "când va ei",
    "sv": "i och att det som en på är av för med den till inte har de ett om från var "
    "han vid men sig så kan efter när ska också under mot eller hade nu mer blir "
    "där blev sina denna",
    "da nb no nn": "i og at det som en på er af av for med den til ikke har de et om fra var han "
    "ved men sig seg så kan efter etter når skal også under mod mot eller havde "
    "hadde blev ble være over vil hun der ut op opp",
    "is": "a i og að er sem ekki við með til það um því eru var hann frá en af fyrir "
    "hefur þess verið þeir eftir verður hafa þetta upp þegar eða hún sagði",
    "fi": "ja on ei se että oli myös hän kun mutta ovat sen joka kuin mukaan jo niin "
    "ole vain sekä tai ollut vuoden nyt olla jälkeen siitä hänen kanssa ennen voi "
    "tämä jotka joiden eivät sanoo kertoo uuden uusi vielä yli kaksi mukana "
    "vuonna saa joita myöskin pois",
    "et": "ja on ei et see oli ka kui mis oma aga ning või seda selle kes olid siis "
    "välja pole ta nende enam pärast mida veel kuid järgi tema seal nüüd uus kaks "
    "üle ütles saab aasta ees",
    "hu": "a s hogy nem az és is egy ez meg már csak még volt de ha mint el azt vagy "
    "amely lesz van szerint után ami ezt aki pedig majd mert kell között által "
    "több közölte sem nagy új volna egyik két ezer mondta miatt alatt szerdán "
    "kedden lett lehet",
    "pl": "i w z a o u się na nie że jest do to jak od za po przez ale dla co są tym "
    "przed który oraz tego także która było ich już jego będzie roku został które "
    "czy być pod ze może",
    "cs sk": "a v s i z o u k je na se že to ve do by za po pro jsou jeho také jako až od "
    "ale tak však byl která který které při nebo jsem není už si sa ktorý ktorá "
    "aby ako alebo sú bol bola podľa pre nie tiež před podle",
    "hr bs sr sh": "i u o s je se na da su za od do kako što koji koja koje će ne bi ali sam "
    "nije iz kao sa bio bila biti te nakon prije pre oko još samo ili ovo ima "
    "ovaj svoje njih zbog tokom",
    "sl": "v s z o je in na da se so za ki ne po pa bi kot tudi ali še bo iz pri kar že "
    "od med zaradi lahko bila bil pred ker kako ob do tem več tako",
    "lt": "o ir kad yra tai su iš bet kaip nuo per apie jo dėl į ne už buvo po tik savo "
    "prie jų taip gali dar bus būti kuri kuris jau tačiau",
    "lv": "un ir ka no ar par uz bet kas tas kā arī lai pēc tika gan vai nav bija pie "
    "to ja šo viņš kuri tikai jau vēl būs pret līdz",
    "sq": "e i të në dhe për një me që nga së është si do nuk ka më se janë u por edhe "
    "ishte kjo pas ky tha kanë mund sipas gjatë ose prej tyre",
    "tr": "ve bir bu için de da ile olarak çok daha olan gibi kadar sonra ama ne var en "
    "değil ise her ya diye oldu olduğunu tarafından olduğu göre eden etti ki mi "
    "dedi önce nedeniyle yüzünden karşı arasında ilk yeni tüm iki üç bin dün "
    "bugün aldı verdi etmek başladı yapıldı açıklandı kaldı ediyor yeniden eski "
    "büyük bütün ancak üzere sürüyor dolayı içinde yıl gün",
    "az": "və bir bu üçün də da ilə olan olaraq çox daha kimi sonra amma deyil isə hər "
    "edib onun görə qədər edilib olub bildirib tərəfindən bildirilir sözçü",
    "id ms": "yang dan di dengan untuk dari ini dalam pada tidak akan itu oleh juga adalah "
    "dapat telah mereka sudah ada karena atau saat bahwa setelah para kepada "
    "tersebut ke satu sebagai",
    "vi": "và của là có được cho không một các trong đã với này những người về để từ "
    "khi đến đó ra ở sẽ nhiều như vào năm trên cũng tại",
    "tl": "ang ng sa na mga ay at ni ito para hindi kung nang siya may mula ayon kay "
    "bilang din dahil isang niya kanyang naman",
    "sw": "na ya wa kwa ni katika za la kuwa cha kama baada hiyo huo hilo wake yake hii "
    "vya pia watu alisema ambao ambayo kutoka lakini",
    "eu": "eta da ez du dira izan bat ere dute zuen egin dela baina izango hau ziren "
    "horrek baino batek arte beste",
    "ru": "к о у и в не на что с по как это из от для его он был за но они было которые "
    "также после до при об со будет она если их или уже быть все году бы во без "
    "была между который которая чтобы так где под ее были сообщил сообщили заявил "
    "года тысяч сегодня вчера новый новая новое первый первая второй два две три",
    "uk": "і в у з на що не та до за як від про для це є із але він його після був було "
    "також які який яка або через вже під час щоб при може їх між бути вони ще зі "
    "має буде були року цього повідомив заявив років тисяч сьогодні вчора новий "
    "нова перший перша два дві три",
    "be": "і у з на што не да за як ад пра для гэта ён яго але пасля быў было таксама "
    "якія які якая або праз ужо пад каб пры яны яшчэ мае будзе былі гэтым",
    "bg": "и в с на да от се за че не са по като до със при ще но или това след той "
    "които който което която има във бе беше през към още само бъде му им го ги "
    "една един тя както между обаче заради според без срещу пред край най вече "
    "стана каза съобщи съобщиха година години хиляди днес вчера нов нова ново "
    "първи първа втори два две три",
    "mk": "и на да од се за дека не ќе по како до со при но или тоа тој кои која кој "
    "има во беше преку кон уште само биде му им го ги една еден таа меѓу според "
    "без ова овој откако поради",
    "sr": "и у о с је се на да су за од до како што који која које ће не би али сам "
    "није из као са био била бити након пре око још само или ово има овај због "
    "током према",
    "kk ky": "және бұл үшін мен да де бір деп болып осы жылы бойынша туралы кейін дейін "
    "болды деген керек үчүн жана менен бул боюнча эмес болгон",
    "ar": "في من على أن إلى عن التي الذي ما هذا كان مع هذه بين بعد لا قد كما أو كل منذ "
    "حيث ذلك خلال قبل لم كانت عند وقال أنه بسبب حتى بأن عليه قال قرب أكثر أول يوم "
    "أمام وفق إن هو هي أي دون وذلك حول لكن غير",
    "fa": "در به از که این را با است برای آن یک خود بر تا شده کرد شد هم ها بود اما نیز "
    "می های دارد ای پس کند باید اند",
    "ur": "کے کی میں ہے کا کو اور سے نے پر یہ کہ ہیں اس کر بھی تھا ایک نہیں ان گیا جو "
    "رہے لیے تھی ہو بعد",
    "hi": "के में है की और से को का ने पर कि यह हैं भी कर नहीं लिए एक इस हो था तो गया "
    "रहा कहा थी उन्होंने बाद इसके साथ",
    "mr": "आहे आणि या हे ही ते आहेत केली केला तर होते असे नाही मध्ये साठी होता यांनी "
    "झाली झाला त्यांनी पण अशी म्हणून",
    "ne": "छ र हो पनि छन् गरेको मा लागि भएको छैन गर्ने तर थियो यो भने गरिएको उनले हुने तथा उनी",
}

# Letters that only these languages have, as they are left when words are folded.
LETTERS = {
    "ru": "ыэ",
    "be": "ыэі",
    "uk": "іє",
    "bg": "ъ",
    "mk": "јљњџѕ",
    "sr": "јљњџћђ",
    "kk ky": "ыэіөұүңғқһә",
    "fa": "پچگژ",
    "ur": "پچگژٹڈڑںے",
    "ja": "".join(map(chr, range(0x3041, 0x3097))),
    # Of either spelling of Chinese, and none of Japanese.
    "zh": "时发现进动产经业东车长门问间实员应开关电见书议记报请让转两单华广严队际联"
    "临银预网设计认识评说话语谈该过还这边远运连选达适们为对从给没她你會經實發學國樂這說對過還讓從給沒們",
}
