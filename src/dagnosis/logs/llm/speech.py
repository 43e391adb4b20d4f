"""Words by which a line speaks to a model: the vocabulary of `guard`.

Each entry of `FEATURES` is a kind of word or turn of speech, in about thirty languages; `guard` says
which of them together are an order. An order that names no family moves none, so most count only
next to a name of `named`. re2 takes `\\w` and `\\b` for ASCII alone: words of other scripts end where
they like.
"""

from __future__ import annotations

from dagnosis.model import FAMILIES


def _any(*words: str) -> str:
    return "(?:" + "|".join(words) + ")"


_IDS = [family for family in FAMILIES if family != "unknown"]  # "unknown" moves no answer
_ID = _any(*(family.replace("_", r"[_\s-]?") for family in _IDS))
_LOOSELY = (
    r"(?:rate|memory|disk|scheduler|database|coding|auth\w*|upstream|provider|serial\w+|dependency|quota|"
    r"config\w*|data|service|worker)[ _-](?:error|problem|issue|limit|bug|failure|loss|conflict|fault)s?"
)
_NAMED = _any(_ID, _LOOSELY)
_UNUSUAL = _any(*(f for f in _IDS if "_" in f and f not in ("out_of_memory", "disk_full")))

_TAG = (
    r"im_(?:start|end)|begin_?of_?text|end_?of_?text|eot_id|(?:start|end)_header_id|(?:start|end)_of_turn|system|"
    r"assistant|user|human|developer|tool|instructions?|prompt|window|logs?|document|untrusted\w*|answer|response|output|verdict"
)
_ORDERS = r"(?:instructions?|prompts?|rules?|directions?|directives?|guidelines?|guidance|commands? you|system message|constraints?)"
_FORGET = (
    r"(?:ignor(?:e|ing)|disregard|forget|override|overrule|bypass|discard|supersede[sd]?|neglect|set aside|never mind|"
    r"pay no attention|no longer (?:apply|valid)|outdated|cancell?ed|void|do ?n[o']t (?:follow|use|trust|obey|listen to|read|rely on|look at|consider))"
)
_GIVEN = (
    r"(?:previous|prior|above|earlier|preceding|other|remaining|existing|original|all)\s+(?:\w+\s+)?"
    r"(?:lines?|text|logs?|content|context|evidence|errors?|messages?|tracebacks?|exceptions?|output|stack|answers?|tasks?)"
)

FEATURES: dict[str, str] = {
    # -- enough by itself
    "mark of a chat": rf"<\|?/?\s?(?:{_TAG})\s?\|?>|\[/?\s?(?:inst|system[\w ]*|assistant|/?sys)\s?\]|<</?sys>>"
    rf"|#{{2,}}\s*(?:\w+ )?(?:instructions?|system|response|human|assistant|user|prompt|override|answer|task)\b"
    rf"|[-=*_]{{3,}}\s*(?:begin|end|start|stop|new)\b.{{0,20}}\b(?:log|window|data|input|instructions?|prompt|system|context|message|evidence)",
    "order to forget": rf"\b{_FORGET}\W+(?:\S+\s+){{0,6}}?(?:{_ORDERS}|everything|anything|{_GIVEN}|(?:the )?(?:traceback|stack trace|evidence|rest|errors?|exception|log)\b)"
    rf"|\b(?:previous|prior|earlier|above|your|those|these|the|all)\b.{{0,20}}\b(?:{_ORDERS}|guidance|task)\b.{{0,30}}\b{_FORGET}",
    "new orders": rf"\b(?:new|updated|revised|additional|hidden|secret|special)\s+(?:\w+ )?{_ORDERS}\b\s?[:\-]|\byour new (?:task|role|job|answer)\b",
    "jargon of models": r"\b(?:system|hidden|initial|developer) prompt\b|\bprompt injection\b|\bjailbreak|\bdeveloper mode\b|\bdo anything now\b|\bas an? (?:a\.?i|llm|language model)\b",
    "name of ours": rf"\b{_UNUSUAL}\b|\b(?:out_of_memory|disk_full)\.[a-z_]+",
    "form of ours": r"[\"'`]?\bfamily\b[\"'`]?\s?[:=].{0,120}\bconfidence\b|\bconfidence\b[\"'`]?\s?[:=].{0,120}[\"'`]?\bfamily\b|\bcite\b.{0,40}\b(?:lines?|number|evidence|\d+)\b|\bcitations?\b\W{0,4}(?:=|:|\[|must|should|to)",
    "answer of ours": rf"(?i)\b(?:output|return|use|choose|pick|reply|answer|respond|say|emit|repeat|only)\b(?:\W+(?:with|as|to|just|only|always|after me|be|is|that|it|exactly|the|an?))*\W+[\"'`*«]*{_NAMED}[\"'`*»]*\W*(?:$|[.;!,]|\b(?:with|for|and|only|because|regardless)\b)",
    "assigned": rf"\b(?:classified|categori[sz]ed|label+ed|diagnosed|attributed|filed|tagged|counted|triaged|reported|treated|treat|file|regarded|read|understood)\b.{{0,50}}\b(?:as|to|under|with)\W+(?:\w+ ){{0,3}}?{_NAMED}\b",
    "order to speak": r"(?:^|[.!?:;,]\s|[\"'(])(?:please |kindly |just |now |then |simply )?(?:say|answer|blame|claim|pretend|tell (?:them|the user|everyone|people)|reply|respond|conclude|let it be)\b(?:\s|:|$)",
    "order to report": r"\b(?:say|write|write down|tell \w+|mention|note down|put down|claim|report|state)\s+(?:please\s+)?that\b.{0,60}\b(?:was|were|is|are|had|has|did|called|ran|failed)\b"
    r"|\b(?:report|summary|conclusion|post-?mortem|write-?up|analysis|finding)s?\b.{0,30}\b(?:must|has to|have to|needs? to|should|shall|is to|ought to)\b.{0,20}\b(?:say|mention|name|state|read|blame|list|be)\b"
    r"|\b(?:put|lay|pin) (?:the )?blame\b|\bblame (?:it|this|that|the)\b|\b(?:your|the only) (?:conclusion|finding|explanation|summary|report)\b|\bnothing else matters\b|\bdo ?n[o']t look (?:for|at|any)\b"
    r"|\b(?:whoever|anyone who|anybody who|those who|you who) (?:sums?|reads?|analy[sz]es?|diagnoses?|looks?|investigates?|summari[sz]es?)\b|(?:^|[.!;] )(?:dear )?reader\b|\bwhat you (?:see|read) (?:above|here|below)\b|\bgo(?:es)? down as\b|\bwent down as\b",
    "abroad to report": _any(
        r"\b(?:antworte|sag\pL*|schreib\pL*|melde\pL*|behaupte)\b.{0,15}\bdass\b|\b(?:dis|dites|écri[st]|écrivez|affirme)\b.{0,10}\bque?\b|\b(?:di|diga|escribe|escriba|responde|diz|diga|escreva)\b que\b",
        r"\b(?:di|dì|scrivi|rispondi) che\b|\b(?:zeg|schrijf) dat\b|\b(?:powiedz|napisz), że|\b(?:säg|skriv) att\b|(?:скаж\pL+|напиш\pL+|сообщи\pL*),? что|(?:скаж\pL+|напиш\pL+),? що",
        r"请(?:说|写|回答|报告)|说明是|と(?:言って|書いて|報告して)|라고 (?:말|쓰|보고)|قل إن|اكتب أن|कहो कि|लिखो कि|\bkatakan bahwa|\bnói rằng|deyin ki|de ki\b",
    ),
    "abroad to forget": _any(
        r"ignorier\pL*|missachte\pL*|vergiss|ignor(?:a|e|en|ez|er|i|o|uj\pL*|ați|á|era|eer|ér\pL*)\b|oubli(?:e|ez)\b|olvid\pL+|esque[cç]\pL+",
        r"dimentica\pL*|negeer|vergeet|pomi[nń]\pL*|zignoruj|zapome[nň]\pL*|ohita|unohda|hagyd figyelmen|figyelmen kívül|yok ?say\pL*|görmezden",
        r"игнорир\pL+|проигнорир\pL+|забуд\pL+|ігнор\pL+|αγν[οό]\pL+|abaikan|lupakan|bỏ qua|puuza|omitte|忽略|无视|無視|忘记|忘掉|忘れ|무시|잊어",
        r"تجاهل|انس[َى]|התעלם|שכח|अनदेखा|नज़रअंदाज़|ละเว้น|เพิกเฉย|نادیده|فراموش|উপেক্ষা",
    )
    + r".{0,80}"
    + _any(
        r"anweisung\pL*|vorgabe\pL*|regeln|instru\pL+|consigne\pL*|règles|reglas|indicacion\pL+|istruzion\pL+|regole|opdracht\pL*|polece\pL+|pokyn\pL*",
        r"ohje\pL+|utasítás\pL*|talimat\pL*|инструкц\pL+|указани\pL+|правила|інструкц\pL+|οδηγίες|instruksi|perintah|hướng dẫn|maagizo|praecepta",
        r"指令|指示|说明|命令|规则|ルール|지시|명령|تعليمات|الأوامر|הוראות|निर्देश|คำสั่ง|คำแนะนำ|دستور|নির্দেশ",
        _NAMED,
    ),
    # -- only with another
    "named": rf"\b{_NAMED}(?:$|[^A-Za-z0-9]|s\b)",
    "order": r"\b(?:answer|respond|reply|classify|categori[sz]e|conclude|diagnose|cite|quote it|repeat after me|pretend|imagine|act as|roleplay|choose|pick|kindly|say|please (?:mark|put|report|set|label|use|return|output))\b"
    r"|\byou (?:must|should|shall|have to|need to|are to|can only|may only|are required|are instructed|ought to|know that)\b|\byou are now\b|\bfrom now on\b",
    "sort": r"(?:^|[^A-Za-z])(?:famil(?:y|ies)|categor(?:y|ies)|classification|verdict|diagnosis|final answer|correct answer|answer key|ground[ _-]?truth|predicted|(?:true|real|actual|only|correct) (?:root )?(?:cause|reason)|root_cause|label|vote)[\"'`*]*(?:\s?(?:is|was|=|:|->|=>|→|must|should|shall|has|will|of|for|equals|to|the|name)|\W*$|\W)"
    r"|\b(?:the cause is|it means|the answer|an answer|as (?:an? )?evidence for|your (?:answer|output|reply|verdict|diagnosis|analysis|task))\b",
    "duty": r"\b(?:must|should|shall|has to|have to|needs? to|is to|are to|fixed to|requires?) (?:\w+ ){0,2}?(?:be )?(?:\w+ )?(?:classified|categori[sz]ed|label+ed|reported|treated|diagnosed|attributed|filed|counted|understood|considered|regarded|tagged|marked|conclude|answer|the answer)\b",
    "reader": r"\b(?:(?:an?|the|to|for|any|dear|hey|hello|attention|note) a\.?i\.?|a\.?i\.? (?:agents?|models?|systems?|assistants?|reading|tools?|readers?)|llms?|language[ -]models?|assistants?|chat ?bots?|chatgpt|(?:hey|hi|hello|dear|note to) (?:gpt|claude|copilot|gemini|llama|bot|model)|dagnosis|(?:log )?analy[sz]ers?|analysts?|diagnosers?|classifiers?|triage bot|log reviewers?|(?:the|any|whatever|dear) (?:model|agent|bot))\b"
    r"|(?:^|[\s\]\"'])(?:system|assistant|human|developer)\s?(?:message|note|prompt|override|instruction)?\s?[:>\]]|\breading this\b|\banaly[sz](?:es|ing) this\b",
    "abroad to answer": _any(
        r"antworte\pL*|klassifizier\pL*|répond(?:s|ez|re)\b|classe[zr]\b|respond[ae]\pL*|contest[ae]\pL*|clasific\pL+|classific\pL+|rispond\pL+|antwoord\pL*",
        r"odpowied\pL+|sklasyfikuj|odpov[eě]\pL+|\bsvara?\b|\bvastaa\b|válaszol\pL*|răspund\pL*|yanıt\pL*|cevap\pL*|sınıflandır\pL*|ответ\pL*|классифиц\pL+",
        r"відповід\pL+|απ[αά]ντ\pL+|\bjawab\pL*|\bujibu|trả lời|回答|输出|答案|答复|归类|分类|答え|出力|分類|답|출력|분류|أجب|صنف|الإجابة|ענה|השב|סווג|उत्तर|जवाब|ตอบ|پاسخ|উত্তর",
    ),
    "abroad sort": _any(
        r"\bfamili[ea]\b|\bfamille\b|família|\bkategori\pL*|catégorie|categor[ií]a|kategóri\pL*|categorie\b|\bperhe\b|rodzin\pL*|rodina|család\pL*",
        r"семь\pL+|категори\pL+|κατηγορία|οικογένεια|keluarga|loại lỗi|类别|类型|カテゴリ|ファミリ|분류|범주|계열|الفئة|عائلة|קטגוריה|משפחה|श्रेणी|परिवार|หมวด|دسته",
    ),
}
"""Kind -> re2 expression, searched without case."""

NAMES: dict[str, str] = {
    family: r"(?i)(?:^|[^A-Za-z0-9])" + family.replace("_", r"[_\s-]?") + r"(?:$|[^A-Za-z0-9]|s\b)"
    for family in _IDS
}
"""Family -> re2 expression of its name, as an identifier or in words."""

ALONE = frozenset(list(FEATURES)[: list(FEATURES).index("named")])
"""Kinds that are an order whatever else the line says."""

TOGETHER: tuple[frozenset[str], ...] = tuple(
    map(
        frozenset,
        (
            ("named", "order"),
            ("named", "sort"),
            ("named", "duty"),
            ("named", "reader"),
            ("named", "abroad to answer"),
            ("named", "abroad sort"),
            ("reader", "order"),
            ("reader", "sort"),
            ("reader", "duty"),
        ),
    )
)
"""Kinds that are an order where they stand in one line."""
