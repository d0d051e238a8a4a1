"""Why a file of a format was left out, and remarks on how one was read: clauses without a full stop, behind the file's name."""

from bot.messages.text import Text

# why a file was left out
TOO_SLOW = Text(
    "reading it takes more than {seconds:g} s; split it into smaller files (BOT_PARSE_SECONDS sets the limit)",
    "읽는 데 {seconds:g}초가 넘게 걸립니다. 여러 파일로 나누어 주세요(한도는 BOT_PARSE_SECONDS)",
)
TOO_MUCH_MEMORY = Text(
    "reading it takes more than {megabytes:,} MB of memory; split it into smaller files (BOT_PARSE_MEMORY sets the limit)",
    "읽는 데 메모리가 {megabytes:,}MB 넘게 듭니다. 여러 파일로 나누어 주세요(한도는 BOT_PARSE_MEMORY)",
)
TOO_MUCH_OUTPUT = Text(
    "it unpacks to more than {megabytes:,} MB; split it into smaller files (BOT_PARSE_UNPACKED sets the limit)",
    "풀면 {megabytes:,}MB를 넘습니다. 여러 파일로 나누어 주세요(한도는 BOT_PARSE_UNPACKED)",
)
TOO_MUCH_TEXT = Text(
    "it has more than {limit:,} characters; split it into smaller files",
    "글이 {limit:,}자를 넘습니다. 여러 파일로 나누어 주세요",
)
NOT_INSTALLED = Text(
    "the package {package} that reads such files is missing; install it with: python -m pip install -e .",
    "이런 파일을 읽는 {package} 패키지가 없습니다. 설치하려면: python -m pip install -e .",
)
READER_DIED = Text(
    "the program that reads such files failed on it; open it in its own program and save it anew",
    "이 파일을 읽다가 프로그램이 멈췄습니다. 원래 프로그램에서 열어 다시 저장해 주세요",
)
DAMAGED = Text(
    "it is damaged or no {format} file ({reason}); open it in its own program and save it anew",
    "손상되었거나 {format} 파일이 아닙니다({reason}). 원래 프로그램에서 열어 다시 저장해 주세요",
)
ENCRYPTED = Text(
    "it is encrypted; save it without a password",
    "암호가 걸려 있습니다. 암호 없이 다시 저장해 주세요",
)
PROTECTED = Text(
    "it is protected against reading (distribution copy or DRM); ask its writer for an open file",
    "배포용 문서이거나 DRM으로 보호되어 있습니다. 보호를 푼 파일을 구해 주세요",
)
TOO_DEEP = Text(
    "its parts are nested more than {limit:,} deep; save its text in a plain file",
    "요소가 {limit:,}단계 넘게 겹쳐 있습니다. 글만 일반 파일로 저장해 주세요",
)
TOO_MANY_PAGES = Text(
    "it has {count:,} pages, more than {limit:,}; split it into smaller files",
    "{count:,}쪽으로, {limit:,}쪽을 넘습니다. 여러 파일로 나누어 주세요",
)
NO_TEXT_LAYER = Text(
    "its {count} pages hold images and no text (a scan?); recognise its text with an OCR program first",
    "{count}쪽에 그림만 있고 글자가 없습니다(스캔한 문서인가요?). 먼저 OCR 프로그램으로 글자를 인식해 주세요",
)
UNREADABLE_FONTS = Text(
    "its fonts do not say which letters they show; print it anew from its own program, or recognise its text with an OCR program",
    "글꼴에 글자 정보가 없어 글을 읽을 수 없습니다. 원래 프로그램에서 PDF로 다시 저장하거나 OCR로 인식해 주세요",
)
NO_TEXT = Text(
    "no text of a writer is found in it; save its text in a plain file", "글을 찾지 못했습니다. 글만 일반 파일로 저장해 주세요"
)
ONLY_A_FRAME = Text(
    "it is only the frame of a page, whose text is not in the file; save the page anew as one file (.mhtml), or print it to PDF",
    "글이 담긴 프레임 없이 바깥 틀만 저장된 페이지입니다. 한 파일(.mhtml)로 다시 저장하거나 PDF로 인쇄해 주세요",
)
PART_OF_PAGE = Text(
    "it is a part of the saved page {page}; move it out of its folder to add it",
    "저장한 웹 페이지 {page}에 딸린 파일입니다. 넣으려면 폴더 밖으로 옮겨 주세요",
)
NOT_AN_EXPORT = Text(
    "it is XML, but no WordPress export; save its text in a plain file",
    "XML이지만 워드프레스 내보내기 파일이 아닙니다. 글만 일반 파일로 저장해 주세요",
)
OLD_FORMAT = Text(
    "{suffix} files are not read; save it as {other}",
    "{suffix} 파일은 읽지 않습니다. {other}(으)로 저장해 주세요",
)
ASKS_FOR_OUTSIDE = Text(
    "it defines entities, as hostile XML does; save it anew in its own program",
    "악성 XML처럼 엔터티를 정의하고 있습니다. 원래 프로그램에서 다시 저장해 주세요",
)
# of archives and their members
CLIMBS_OUT = Text(
    "its path leads out of the archive; unpack it by hand and look at it",
    "경로가 압축 파일 밖을 가리킵니다. 직접 풀어서 확인해 주세요",
)
LINK_INSIDE = Text("it is a link inside an archive; put the file itself in", "압축 파일 안의 링크입니다. 파일 자체를 넣어 주세요")
TOO_MANY_MEMBERS = Text(
    "it holds {count:,} files, more than {limit:,}; split it into smaller archives",
    "파일이 {count:,}개로, {limit:,}개를 넘습니다. 압축 파일을 나누어 주세요",
)
RATIO = Text(
    "it unpacks to more than {limit} times its size, as archives made to do harm do; unpack it by hand",
    "풀면 크기가 {limit}배를 넘습니다. 악성 압축 파일일 수 있으니 직접 풀어 주세요",
)
ARCHIVE_TOO_DEEP = Text(
    "it is an archive more than {limit} archives deep; unpack it by hand",
    "압축 파일이 {limit}단계 넘게 겹쳐 있습니다. 직접 풀어 주세요",
)
NOT_A_POST = Text(
    "it is a part of a Medium export that is no post; take it out of the archive to add it",
    "미디엄 내보내기에서 글이 아닌 파일입니다. 넣으려면 압축 파일에서 꺼내 주세요",
)

# remarks on a file that was read
LEFT_OUT_POSTS = Text(
    "left out {count} entries that are no published posts ({kinds})",
    "발행한 글이 아닌 항목 {count}개를 뺐습니다({kinds})",
)
PAGES_WITHOUT_TEXT = Text("pages without text: {pages}", "글자가 없는 쪽: {pages}")
RUNNING_HEADS = Text("left out lines of running heads and page numbers: {count}", "머리말·꼬리말과 쪽 번호 {count}줄을 뺐습니다")
TRACKED_CHANGES = Text("read with its tracked changes accepted", "변경 내용을 모두 적용한 글로 읽었습니다")
LEFT_OUT_COMMENTS = Text("left out the comments of its reviewers: {count}", "검토자의 메모 {count}개를 뺐습니다")
