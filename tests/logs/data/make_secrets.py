"""Write secrets.jsonl: invented secrets of the right shape, planted in realistic log text.

Run it in this folder: ``python make_secrets.py``. The same seed gives the same file. A form is one
log text with holes ``«name»`` or ``«name|filter»``. A hole named by the kind's maker is secret, any
other hole is harmless filling. The first characters of a form say which shell is put around it:

- ``@2 ``  Airflow 2 text line, level INFO; ``@2e `` the same, level ERROR
- ``@tb `` Airflow 2 text with a traceback that ends with the form
- ``@3 ``  Airflow 3 JSON line, the form is the event; ``@3e `` it is the exc_value of an error_detail
- ``@33 `` Airflow 3 JSON line whose event holds a JSON text, which holds the form: escaped twice
- ``@sh `` output of a BashOperator, Airflow 2
- nothing  the form as it is

Nothing here was ever valid anywhere. Texts and secrets are written in base64, see README.md.
"""

from __future__ import annotations

import base64
import json
import random
import string
import urllib.parse
from collections.abc import Callable
from pathlib import Path

HERE = Path(__file__).parent
SEED = 20261122
RNG = random.Random(SEED)

UPPER, LOWER, DIGITS = string.ascii_uppercase, string.ascii_lowercase, string.digits
ALNUM = string.ascii_letters + DIGITS
BASE64 = ALNUM + "+/"
URLSAFE = ALNUM + "-_"
BASE32 = UPPER + "234567"
HEX = DIGITS + "abcdef"

Values = dict[str, str]


def rand(alphabet: str, size: int) -> str:
    """``size`` random characters; never all letters when digits are allowed, as in real keys."""
    while True:
        text = "".join(RNG.choices(alphabet, k=size))
        if size < 8 or not set(alphabet) & set(DIGITS) or any(c in DIGITS for c in text):
            return text


def b64_bytes(size: int) -> str:
    """``size`` random bytes in base64, with its padding."""
    return base64.b64encode(RNG.randbytes(size)).decode()


def b64_url(size: int) -> str:
    """``size`` random bytes in URL-safe base64, with its padding."""
    return base64.urlsafe_b64encode(RNG.randbytes(size)).decode()


WORDS = [
    "Amsel",
    "Birke",
    "Copper",
    "Dahlia",
    "Ember",
    "Falcon",
    "Garnet",
    "Harbor",
    "Indigo",
    "Juniper",
    "Kestrel",
    "Lumen",
    "Maple",
    "Nimbus",
    "Onyx",
    "Pepper",
    "Quartz",
    "Raven",
    "Saffron",
    "Thistle",
    "Umber",
    "Velvet",
    "Willow",
    "Xenon",
    "Yarrow",
    "Zephyr",
]


def password() -> str:
    """A password as people and generators make them, without characters that need quoting."""
    style = RNG.randrange(4)
    if style == 0:
        return f"{RNG.choice(WORDS)}{RNG.choice(WORDS)}{RNG.randrange(100, 9999)}"
    if style == 1:
        return f"{RNG.choice(WORDS).lower()}{RNG.randrange(1000, 9999)}!"
    if style == 2:
        return rand(ALNUM, RNG.choice([12, 16, 20]))
    return f"{RNG.choice(WORDS)}_{RNG.choice(WORDS)}-{RNG.randrange(10, 99)}"


def plain_password() -> str:
    """Letters, digits, underscore only."""
    return f"{RNG.choice(WORDS)}{RNG.choice(WORDS).lower()}{RNG.randrange(100, 9999)}"


def special_password() -> str:
    """A password full of characters that break naive patterns, no quote and no blank."""
    a, b, c = rand(ALNUM, 5), rand(ALNUM, 5), rand(ALNUM, 5)
    return RNG.choice(
        [f"{a}@{b}#{c}", f"{a}/{b}:{c}", f"{a}&{b}%{c}", f"{a}${b}!{c}", f"{a};{b}={c}"]
    )


def jwt() -> str:
    def part(value: dict[str, object]) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")

    head = part({"alg": RNG.choice(["HS256", "RS256", "HS512"]), "typ": "JWT"})
    body = part({"sub": rand(DIGITS, 8), "iat": 1795340000 + RNG.randrange(9999), "aud": "etl"})
    return f"{head}.{body}.{rand(URLSAFE, 43)}"


def key_lines(count: int) -> list[str]:
    """Base64 lines of a PEM body, 64 characters each and a shorter last one."""
    body = b64_bytes(count * 48 - RNG.choice([7, 11, 13, 19]))
    return [body[i : i + 64] for i in range(0, len(body), 64)]


def pem(label: str, count: int = 6, newline: str = "\n") -> Values:
    """A PEM block and its body lines, each of them secret."""
    lines = key_lines(count)
    dashes = "-" * 5
    block = newline.join([f"{dashes}BEGIN {label}{dashes}", *lines, f"{dashes}END {label}{dashes}"])
    return {"pem": block, **{f"_line{i}": line for i, line in enumerate(lines)}}


def one(make: Callable[[], str]) -> Callable[[], Values]:
    """A kind with one secret, in the hole ``s``."""
    return lambda: {"s": make()}


def aws_pair() -> Values:
    return {"s": rand(BASE64, 40), "id": "AKIA" + rand(BASE32, 16)}


FILL: dict[str, Callable[[], str]] = {
    "host": lambda: RNG.choice(
        [
            "db.internal",
            "pg-prod-1.example.com",
            "10.20.3.14",
            "warehouse.corp.local",
            "dwh",
            "127.0.0.1",
        ]
    ),
    "user": lambda: RNG.choice(
        ["etl", "airflow_svc", "loader", "reporting", "svc_orders", "admin"]
    ),
    "db": lambda: RNG.choice(["dwh", "sales", "analytics", "orders", "events"]),
    "bucket": lambda: RNG.choice(["acme-raw", "acme-dwh-stage", "exports-eu", "ml-features"]),
    "n": lambda: str(RNG.randrange(100, 99999)),
    "akid": lambda: "AKIA" + rand(BASE32, 16),
    "task": lambda: RNG.choice(["load_orders", "sync", "extract_crm", "publish", "refresh_mart"]),
}

A2 = "[2026-11-22T08:45:58.429+0000] {%s} %s - "


def af3(event: str) -> str:
    line = {
        "timestamp": f"2026-11-22T08:31:{RNG.randrange(10, 60)}.{RNG.randrange(100000, 999999)}Z",
        "level": "info",
        "event": event,
        "logger": RNG.choice(["etl.pipeline", "task.stdout", "airflow.task.hooks.base"]),
        "dag_id": "orders_daily",
        "task_id": FILL["task"](),
        "run_id": "scheduled__2026-11-22T00:00:00+00:00",
        "try_number": 1,
        "map_index": -1,
    }
    return json.dumps(line, separators=(",", ":"), ensure_ascii=False)


def af3_error(message: str) -> str:
    frames = [
        {"filename": "/opt/airflow/dags/orders.py", "lineno": RNG.randrange(10, 99), "name": "load"}
    ]
    detail = {
        "exc_type": RNG.choice(["OperationalError", "ValueError", "RuntimeError"]),
        "exc_value": message,
        "exc_notes": [],
        "syntax_error": None,
        "is_cause": False,
        "frames": frames,
        "is_group": False,
        "exceptions": [],
    }
    line = {
        "timestamp": "2026-11-22T08:31:15.422052Z",
        "level": "error",
        "event": "Task failed with exception",
        "dag_id": "orders_daily",
        "logger": "task",
        "filename": "task_runner.py",
        "lineno": 1676,
        "error_detail": [detail],
    }
    return json.dumps(line, separators=(",", ":"), ensure_ascii=False)


def traceback(message: str) -> str:
    return (
        A2
        % ("taskinstance.py:3337", "ERROR")
        + "Task failed with exception\nTraceback (most recent call last):\n"
        '  File "/opt/airflow/dags/orders.py", line 41, in load\n'
        "    hook.run(sql)\n" + message
    )


SHELLS: dict[str, Callable[[str], str]] = {
    "@2 ": lambda t: A2 % ("logging_mixin.py:190", "INFO") + t,
    "@2e ": lambda t: A2 % ("taskinstance.py:1935", "ERROR") + t,
    "@sh ": lambda t: "\n".join(
        A2 % ("subprocess.py:106", "INFO") + line for line in t.split("\n")
    ),
    "@tb ": traceback,
    "@3 ": af3,
    "@3e ": af3_error,
    "@33 ": lambda t: af3("response body: " + json.dumps({"status": "error", "debug": t})),
}


# A rule that stops at a delimiter leaves a tail of these: each long enough piece is secret as well.
PIECEWISE = (
    "password_special_chars",
    "password_at_in_uri",
    "password_slash_hash_in_uri",
    "password_quotes_and_blanks",
    "password_with_double_quote",
    "password_backslash",
    "password_unicode",
    "url_encoded_form",
)


def pieces(secret: str) -> list[str]:
    """The runs of five or more ASCII letters and digits of a secret."""
    spaced = "".join(c if c in ALNUM else " " for c in secret)
    return [piece for piece in spaced.split() if len(piece) >= 5]


def json_inner(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)[1:-1]


FILTERS: dict[str, Callable[[str], str]] = {
    "url": lambda s: urllib.parse.quote(s, safe=""),
    "json": json_inner,
    "json2": lambda s: json_inner(json_inner(s)),
    "b64": lambda s: base64.b64encode(s.encode()).decode(),
    "userb64": lambda s: base64.b64encode(f"etl:{s}".encode()).decode(),
    "oneline": lambda s: s.replace("\n", "\\n"),
    "indent": lambda s: s.replace("\n", "\n    "),
    "xml": lambda s: s.replace("&", "&amp;").replace("<", "&lt;"),
}

ESCAPES: dict[str, Callable[[str], str]] = {
    "@3 ": json_inner,
    "@3e ": json_inner,
    "@33 ": lambda s: json_inner(json_inner(s)),
}


def render(form: str, values: Values) -> tuple[str, list[str]]:
    """The log text of a form and the substrings of it that must not survive."""
    shell = next(
        (mark for mark in sorted(SHELLS, key=len, reverse=True) if form.startswith(mark)), ""
    )
    form = form.removeprefix(shell)
    secrets: list[str] = []
    parts: list[str] = []
    for i, piece in enumerate(form.replace("»", "«").split("«")):
        if i % 2 == 0:
            parts.append(piece)
            continue
        name, _, wanted = piece.partition("|")
        value = values[name] if name in values else FILL[name]()
        shown = FILTERS[wanted](value) if wanted else value
        parts.append(shown)
        if name == "pem":
            secrets += [v for k, v in values.items() if k.startswith("_line")]
        elif name in values:
            secrets.append(shown)
    text = "".join(parts)
    if shell:
        text = SHELLS[shell](text)
        escape = ESCAPES.get(shell, str)
        secrets = [escape(s) for s in secrets]
    return text, list(dict.fromkeys(secrets))


KINDS: dict[str, tuple[Callable[[], Values], list[str]]] = {}


def kind(name: str, make: Callable[[], Values], forms: str) -> None:
    """Register a kind; its forms are separated by lines of three tildes."""
    KINDS[name] = (make, [f.strip("\n") for f in forms.split("\n~~~\n")])


# --- Cloud providers ------------------------------------------------------------------------------

kind(
    "aws_access_key_id",
    one(lambda: RNG.choice(["AKIA", "ASIA"]) + rand(BASE32, 16)),
    r"""
@2 Using AWS credentials: access key «s», region eu-west-1
~~~
@tb botocore.exceptions.ClientError: An error occurred (InvalidAccessKeyId) when calling the ListObjectsV2 operation: The AWS Access Key Id «s» does not exist in our records.
~~~
AWS_ACCESS_KEY_ID=«s»
~~~
@3 session = boto3.Session(aws_access_key_id='«s»', region_name='eu-central-1')
~~~
<Error><Code>InvalidAccessKeyId</Code><Message>The AWS Access Key Id you provided does not exist in our records.</Message><AWSAccessKeyId>«s»</AWSAccessKeyId><RequestId>4442587FB7D0A2F9</RequestId></Error>
~~~
@sh + export AWS_ACCESS_KEY_ID=«s»
""",
)
kind(
    "aws_secret_access_key",
    aws_pair,
    r"""
@sh + export AWS_SECRET_ACCESS_KEY=«s»
~~~
@2 aws_access_key_id=«akid» aws_secret_access_key=«s» region=us-east-1
~~~
@3e Invalid credentials {'aws_access_key_id': '«akid»', 'aws_secret_access_key': '«s»', 'region_name': 'eu-west-1'}
~~~
[default]
aws_access_key_id = «akid»
aws_secret_access_key = «s»
region = eu-central-1
~~~
            "Env": [
                "PATH=/usr/local/bin:/usr/bin:/bin",
                "AWS_SECRET_ACCESS_KEY=«s»",
                "AIRFLOW_HOME=/opt/airflow"
            ],
~~~
@33 config: {"aws": {"secretAccessKey": "«s»", "region": "us-west-2"}}
~~~
  "SecretAccessKey": "«s»",
""",
)
kind(
    "aws_session_token",
    one(lambda: "IQoJb3JpZ2luX2Vj" + rand(BASE64, 180) + "=="),
    r"""
@sh export AWS_SESSION_TOKEN=«s»
~~~
@2 boto3.resource('s3', aws_session_token='«s»')
~~~
[2026-11-22 08:45:58,429] {endpoint.py:265} DEBUG - Making request for OperationModel(name=GetObject) with params: {'url_path': '/x.csv', 'headers': {'X-Amz-Security-Token': b'«s»', 'User-Agent': 'Boto3/1.35.0'}}
~~~
{"Credentials": {"AccessKeyId": "«akid»", "SessionToken": "«s»", "Expiration": "2026-11-22T09:45:58Z"}}
~~~
@3 {"Token": "«s»", "Type": "AWS-HMAC", "LastUpdated": "2026-11-22T08:00:00Z"}
""",
)
kind(
    "aws_sts_response",
    lambda: {"s": rand(BASE64, 40), "t": "FwoGZXIvYXdzE" + rand(BASE64, 200) + "="},
    r"""
2026-11-22 08:45:58,429 botocore.parsers [DEBUG] Response body: b'<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult><Credentials><AccessKeyId>ASIAXXXX</AccessKeyId><SecretAccessKey>«s»</SecretAccessKey><SessionToken>«t»</SessionToken></Credentials></AssumeRoleResult></AssumeRoleResponse>'
~~~
@2 {'Credentials': {'SecretAccessKey': '«s»', 'SessionToken': '«t»', 'Expiration': datetime.datetime(2026, 11, 22, 9, 45, tzinfo=tzutc())}}
~~~
@sh {
    "Credentials": {
        "SecretAccessKey": "«s»",
        "SessionToken": "«t»",
        "Expiration": "2026-11-22T09:45:58+00:00"
    }
}
~~~
@33 {"SecretAccessKey": "«s»", "SessionToken": "«t»"}
~~~
@3 refreshed credentials ReadOnlyCredentials(access_key='ASIAQQQQ', secret_key='«s»', token='«t»')
""",
)
kind(
    "aws_presigned_url",
    lambda: {"s": rand(HEX, 64), "t": "IQoJb3JpZ2luX2Vj" + rand(ALNUM, 120)},
    r"""
@2 Downloading https://«bucket».s3.eu-west-1.amazonaws.com/in/orders.csv?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=scoped%2F20261122%2Feu-west-1%2Fs3%2Faws4_request&X-Amz-Date=20261122T084500Z&X-Amz-Expires=3600&X-Amz-SignedHeaders=host&X-Amz-Security-Token=«t»&X-Amz-Signature=«s»
~~~
@3e 403 Client Error: Forbidden for url: https://«bucket».s3.amazonaws.com/a.parquet?X-Amz-Expires=900&X-Amz-Security-Token=«t»&X-Amz-Signature=«s»&x-id=GetObject
~~~
@sh + curl -sf 'https://«bucket».s3.amazonaws.com/a.gz?X-Amz-Signature=«s»&X-Amz-Security-Token=«t»' -o a.gz
~~~
@33 {"upload_url": "https://«bucket».s3.amazonaws.com/k?X-Amz-Security-Token=«t»\u0026X-Amz-Signature=«s»"}
""",
)
kind(
    "aws_presigned_url_v2",
    one(lambda: rand(ALNUM, 26) + "%3D"),
    r"""
@2 GET https://«bucket».s3.amazonaws.com/in/a.csv?AWSAccessKeyId=XYZ&Signature=«s»&Expires=1795343600
~~~
@3 fetching https://s3.amazonaws.com/«bucket»/export.zip?Signature=«s»&Expires=1795343600
~~~
@tb requests.exceptions.HTTPError: 403 Client Error: Forbidden for url: https://d1abcd.cloudfront.net/f.mp4?Expires=1795343600&Signature=«s»&Key-Pair-Id=K2JCJMDEHXQW5F
~~~
@sh wget -q "https://«bucket».s3.amazonaws.com/a.csv?Expires=1795343600&Signature=«s»"
""",
)
kind(
    "aws_sigv4_header",
    one(lambda: rand(HEX, 64)),
    r"""
> Authorization: AWS4-HMAC-SHA256 Credential=scope/20261122/us-east-1/s3/aws4_request, SignedHeaders=host;x-amz-date, Signature=«s»
~~~
@2 {'Authorization': 'AWS4-HMAC-SHA256 Credential=scope/20261122/eu-west-1/sts/aws4_request, SignedHeaders=content-type;host;x-amz-date, Signature=«s»'}
~~~
@3 Sending http request: <AWSPreparedRequest headers={'Authorization': b'AWS4-HMAC-SHA256 Credential=scope/20261122/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=«s»'}>
~~~
@sh > authorization: AWS4-HMAC-SHA256 Credential=scope/20261122/eu-west-1/execute-api/aws4_request, SignedHeaders=host;x-amz-date, Signature=«s»
""",
)
kind(
    "aws_ecr_or_codeartifact",
    one(lambda: "eyJ" + rand(ALNUM, 240)),
    r"""
@sh + docker login -u AWS -p «s» 123456789012.dkr.ecr.eu-west-1.amazonaws.com
~~~
@sh + pip config set global.index-url https://aws:«s»@acme-123456789012.d.codeartifact.eu-west-1.amazonaws.com/pypi/main/simple/
~~~
@3 {"authorizationData": [{"authorizationToken": "«s»", "expiresAt": 1795343600}]}
~~~
@2 CODEARTIFACT_AUTH_TOKEN=«s»
""",
)
kind(
    "gcp_service_account_key",
    lambda: pem("PRIVATE KEY", 8, "\\n"),
    r"""
{
  "type": "service_account",
  "project_id": "acme-dwh",
  "private_key_id": "0",
  "private_key": "«pem»\n",
  "client_email": "etl@acme-dwh.iam.gserviceaccount.com"
}
~~~
@2 keyfile_dict={'type': 'service_account', 'private_key': '«pem»\n', 'client_email': 'etl@acme.iam.gserviceaccount.com'}
~~~
@sh + echo '{"type":"service_account","private_key":"«pem»\n"}' > /tmp/key.json
~~~
@3 GOOGLE_APPLICATION_CREDENTIALS_JSON={"type":"service_account","private_key":"«pem»\n","token_uri":"https://oauth2.googleapis.com/token"}
~~~
AIRFLOW_CONN_GCP='google-cloud-platform://?extra__google_cloud_platform__keyfile_dict={"private_key": "«pem»"}'
""",
)
kind(
    "gcp_api_key",
    one(lambda: "AIza" + rand(URLSAFE, 35)),
    r"""
@2 GET https://maps.googleapis.com/maps/api/geocode/json?address=Berlin&key=«s»
~~~
@3e 403 Client Error: Forbidden for url: https://translation.googleapis.com/language/translate/v2?key=«s»
~~~
@sh + GOOGLE_API_KEY=«s»
~~~
    gmaps = googlemaps.Client(key='«s»')
~~~
@tb ValueError: API key not valid: «s»
""",
)
kind(
    "gcp_oauth_access_token",
    one(lambda: "ya29." + rand(URLSAFE, 160)),
    r"""
@2 Authorization: Bearer «s»
~~~
@sh + curl -H "Authorization: Bearer «s»" https://bigquery.googleapis.com/bigquery/v2/projects/acme/jobs
~~~
@3 {"access_token": "«s»", "expires_in": 3599, "token_type": "Bearer"}
~~~
@3e RefreshError: token «s» has been revoked
~~~
https://oauth2.googleapis.com/tokeninfo?access_token=«s»
""",
)
kind(
    "gcp_signed_url",
    one(lambda: rand(HEX, 256)),
    r"""
@2 Signed URL https://storage.googleapis.com/«bucket»/a.csv?X-Goog-Algorithm=GOOG4-RSA-SHA256&X-Goog-Credential=etl%40acme.iam.gserviceaccount.com%2F20261122%2Fauto%2Fstorage%2Fgoog4_request&X-Goog-Date=20261122T084500Z&X-Goog-Expires=900&X-Goog-SignedHeaders=host&X-Goog-Signature=«s»
~~~
@3 upload to https://storage.googleapis.com/«bucket»/a.csv?X-Goog-Expires=900&X-Goog-Signature=«s»
~~~
@sh curl: (22) The requested URL returned error: 403 https://storage.googleapis.com/«bucket»/a?X-Goog-Signature=«s»
~~~
@3e 400 Client Error: Bad Request for url: https://storage.googleapis.com/«bucket»/a?X-Goog-SignedHeaders=host&X-Goog-Signature=«s»
""",
)
kind(
    "gcp_refresh_token",
    one(lambda: "1//0" + rand(URLSAFE, 98)),
    r"""
{"client_id": "32555940559.apps.googleusercontent.com", "refresh_token": "«s»", "type": "authorized_user"}
~~~
@2 body: grant_type=refresh_token&refresh_token=«s»&client_id=325
~~~
@3 Refreshing with refresh_token «s»
~~~
@33 {"refresh_token": "«s»"}
""",
)
kind(
    "gcp_oauth_client_secret",
    one(lambda: "GOCSPX-" + rand(URLSAFE, 28)),
    r"""
"client_secret": "«s»",
~~~
@2 POST https://oauth2.googleapis.com/token client_id=1.apps.googleusercontent.com&client_secret=«s»&grant_type=refresh_token
~~~
@3 GOOGLE_CLIENT_SECRET=«s»
~~~
@33 {"installed": {"client_secret": "«s»"}}
""",
)
kind(
    "azure_storage_account_key",
    one(lambda: b64_bytes(64)),
    r"""
DefaultEndpointsProtocol=https;AccountName=acmedwh;AccountKey=«s»;EndpointSuffix=core.windows.net
~~~
@2 Using connection string DefaultEndpointsProtocol=https;AccountName=acmeraw;AccountKey=«s»;EndpointSuffix=core.windows.net
~~~
@3e Connection string is malformed: AccountName=acmeraw;AccountKey=«s»
~~~
@sh + az storage blob list --account-name acmeraw --account-key «s» --container-name in
~~~
spark.hadoop.fs.azure.account.key.acmeraw.dfs.core.windows.net=«s»
~~~
@sh AZURE_STORAGE_KEY=«s»
""",
)
kind(
    "azure_sas_token",
    one(lambda: urllib.parse.quote(b64_bytes(32), safe="")),
    r"""
@2 GET https://acmeraw.blob.core.windows.net/in/orders.csv?sv=2024-11-04&ss=b&srt=sco&sp=rl&se=2026-12-01T00:00:00Z&spr=https&sig=«s»
~~~
@3e Server failed to authenticate the request for https://acmeraw.blob.core.windows.net/in?sv=2024-11-04&sr=c&sig=«s»
~~~
@sh + azcopy copy /data 'https://acmeraw.blob.core.windows.net/out?sp=racwdl&st=2026-11-22T00:00:00Z&sig=«s»' --recursive
~~~
SharedAccessSignature=sv=2024-11-04&ss=b&sp=rl&sig=«s»
~~~
CREATE EXTERNAL DATA SOURCE raw WITH (CREDENTIAL = (IDENTITY='SHARED ACCESS SIGNATURE', SECRET = 'sv=2024-11-04&sp=r&sig=«s»'))
""",
)
kind(
    "azure_client_secret",
    one(lambda: rand(ALNUM, 3) + "8Q~" + rand(URLSAFE + "~.", 34)),
    r"""
AZURE_CLIENT_SECRET=«s»
~~~
@2 ClientSecretCredential(tenant_id='7b1c2d3e-0000-4000-8000-1a2b3c4d5e6f', client_id='f0e1d2c3', client_secret='«s»')
~~~
@sh + az login --service-principal -u f0e1d2c3 -p «s» --tenant 7b1c2d3e
~~~
@3 {"clientId": "f0e1d2c3", "clientSecret": "«s»", "tenantId": "7b1c2d3e"}
~~~
spark.hadoop.fs.azure.account.oauth2.client.secret «s»
""",
)
kind(
    "azure_servicebus",
    one(lambda: b64_bytes(32)),
    r"""
Endpoint=sb://acme-events.servicebus.windows.net/;SharedAccessKeyName=RootManageSharedAccessKey;SharedAccessKey=«s»
~~~
@3e Connection to Endpoint=sb://acme.servicebus.windows.net/;SharedAccessKeyName=send;SharedAccessKey=«s»;EntityPath=orders failed
~~~
@2 EVENTHUB_CONNECTION_STR=Endpoint=sb://acme.servicebus.windows.net/;SharedAccessKeyName=listen;SharedAccessKey=«s»
~~~
HostName=acme.azure-devices.net;DeviceId=d1;SharedAccessKey=«s»
""",
)
kind(
    "azure_cosmos",
    one(lambda: b64_bytes(64)),
    r"""
AccountEndpoint=https://acme.documents.azure.com:443/;AccountKey=«s»;
~~~
@2 CosmosClient(url='https://acme.documents.azure.com:443/', credential='«s»')
~~~
@3 {"endpoint_uri": "https://acme.documents.azure.com", "master_key": "«s»"}
~~~
@33 {"COSMOS_KEY": "«s»"}
""",
)
kind(
    "azure_devops_pat",
    one(lambda: rand("abcdefghijklmnopqrstuvwxyz234567", 52)),
    r"""
@sh + git clone https://build:«s»@dev.azure.com/acme/etl/_git/dags
~~~
AZURE_DEVOPS_EXT_PAT=«s»
~~~
@2 Cloning https://«s»@dev.azure.com/acme/_git/etl
~~~
@3 azure_devops_pat: "«s»"
""",
)
kind(
    "digitalocean_token",
    one(lambda: "dop_v1_" + rand(HEX, 64)),
    r"""
DIGITALOCEAN_TOKEN=«s»
~~~
@sh + doctl auth init --access-token «s»
~~~
@2 Unable to authenticate you with «s»
~~~
@3 headers={'Authorization': 'Bearer «s»'}
""",
)
kind(
    "alibaba_or_tencent_secret",
    one(lambda: rand(ALNUM, 30)),
    r"""
@2 oss2.Auth('LTAI5tFakeFakeFake', access_key_secret='«s»')
~~~
ALIBABA_CLOUD_ACCESS_KEY_SECRET=«s»
~~~
@3 {"accessKeyId": "LTAI5tFake", "accessKeySecret": "«s»"}
~~~
TENCENTCLOUD_SECRET_KEY=«s»
""",
)
kind(
    "cloudflare_token",
    one(lambda: rand(URLSAFE, 40)),
    r"""
CLOUDFLARE_API_TOKEN=«s»
~~~
@sh + curl -X POST https://api.cloudflare.com/client/v4/zones/1/purge_cache -H 'Authorization: Bearer «s»'
~~~
@2 R2_SECRET_ACCESS_KEY: «s»
~~~
> X-Auth-Key: «s»
""",
)

# --- Services -------------------------------------------------------------------------------------

kind(
    "databricks_token",
    one(lambda: "dapi" + rand(HEX, 32)),
    r"""
@2 databricks_conn extra: {"host": "https://adb-1.2.azuredatabricks.net", "token": "«s»"}
~~~
@3e Invalid access token «s»
~~~
@sh + DATABRICKS_TOKEN=«s»
~~~
databricks+connector://token:«s»@adb-1.2.azuredatabricks.net:443/default?http_path=/sql/1.0/warehouses/abc
~~~
jdbc:databricks://adb-1.2.azuredatabricks.net:443;httpPath=/sql/1.0;AuthMech=3;UID=token;PWD=«s»
""",
)
kind(
    "github_token",
    one(lambda: RNG.choice(["ghp_", "gho_", "ghs_", "ghu_"]) + rand(ALNUM, 36)),
    r"""
@sh + git clone https://x-access-token:«s»@github.com/acme/dags.git
~~~
@sh fatal: unable to access 'https://«s»@github.com/acme/dags.git/': Could not resolve host: github.com
~~~
GITHUB_TOKEN=«s»
~~~
@3 headers: {'Authorization': 'token «s»', 'Accept': 'application/vnd.github+json'}
~~~
@2e git-sync: failed to sync "https://etl-bot:«s»@github.com/acme/dags"
""",
)
kind(
    "github_fine_grained_pat",
    one(lambda: "github_pat_" + rand(ALNUM, 22) + "_" + rand(ALNUM, 59)),
    r"""
@sh + gh auth login --with-token <<< «s»
~~~
@2 GH_TOKEN: «s»
~~~
@33 {"token": "«s»"}
~~~
Collecting dags@ git+https://«s»@github.com/acme/common.git@v1.2
""",
)
kind(
    "gitlab_token",
    one(lambda: "glpat-" + rand(URLSAFE, 20)),
    r"""
@sh + git clone https://oauth2:«s»@gitlab.example.com/data/dags.git
~~~
> PRIVATE-TOKEN: «s»
~~~
@3 gitlab.Gitlab('https://gitlab.example.com', private_token='«s»')
~~~
Looking in indexes: https://__token__:«s»@gitlab.example.com/api/v4/projects/7/packages/pypi/simple
""",
)
kind(
    "slack_token",
    one(
        lambda: (
            RNG.choice(["xoxb-", "xoxp-"])
            + rand(DIGITS, 12)
            + "-"
            + rand(DIGITS, 12)
            + "-"
            + rand(ALNUM, 24)
        )
    ),
    r"""
@2 SlackHook token=«s»
~~~
@3e The request to the Slack API failed. token: «s» error: invalid_auth
~~~
SLACK_BOT_TOKEN=«s»
~~~
@sh + curl -d "token=«s»&channel=%23etl&text=failed" https://slack.com/api/chat.postMessage
""",
)
kind(
    "slack_webhook",
    one(
        lambda: (
            "T" + rand(UPPER + DIGITS, 8) + "/B" + rand(UPPER + DIGITS, 10) + "/" + rand(ALNUM, 24)
        )
    ),
    r"""
@2 POST https://hooks.slack.com/services/«s»
~~~
@3e 404 Client Error: Not Found for url: https://hooks.slack.com/services/«s»
~~~
@sh + curl -X POST -H 'Content-type: application/json' --data '{"text":"failed"}' https://hooks.slack.com/services/«s»
~~~
HTTPSConnectionPool(host='hooks.slack.com', port=443): Max retries exceeded with url: /services/«s» (Caused by ConnectTimeoutError())
~~~
@33 {"webhook": "https://hooks.slack.com/services/«s»"}
""",
)
kind(
    "discord_webhook",
    one(lambda: rand(URLSAFE, 68)),
    r"""
@2 POST https://discord.com/api/webhooks/102938475610293847/«s»
~~~
@3e 401 Client Error: Unauthorized for url: https://discord.com/api/webhooks/102938475610293847/«s»
~~~
DISCORD_WEBHOOK_URL=https://discordapp.com/api/webhooks/102938475610293847/«s»
~~~
@sh curl: (6) Could not resolve host for https://discord.com/api/webhooks/102938475610293847/«s»?wait=true
""",
)
kind(
    "teams_webhook",
    one(lambda: rand(HEX, 32)),
    r"""
@2 Sending card to https://acme.webhook.office.com/webhookb2/7b1c2d3e-1111-4000-8000-1a2b3c4d5e6f@7b1c2d3e-2222-4000-8000-1a2b3c4d5e6f/IncomingWebhook/«s»/f0e1d2c3-0000-4000-8000-1a2b3c4d5e6f
~~~
@3e 410 Client Error: Gone for url: https://acme.webhook.office.com/webhookb2/7b1c2d3e-1111-4000-8000-1a2b3c4d5e6f@7b1c2d3e/IncomingWebhook/«s»/f0e1d2c3
~~~
@sh TEAMS_WEBHOOK=https://acme.webhook.office.com/webhookb2/7b1c@7b1c/IncomingWebhook/«s»/f0e1
~~~
@33 {"url": "https://acme.webhook.office.com/webhookb2/7b1c@9/IncomingWebhook/«s»/f0e1"}
""",
)
kind(
    "logic_app_webhook",
    one(lambda: rand(URLSAFE, 43)),
    r"""
@2 POST https://prod-12.westeurope.logic.azure.com:443/workflows/0a1b/triggers/manual/paths/invoke?api-version=2016-10-01&sp=%2Ftriggers%2Fmanual%2Frun&sv=1.0&sig=«s»
~~~
@3e 502 Server Error: Bad Gateway for url: https://prod-12.westeurope.logic.azure.com/workflows/0a1b/triggers/manual/paths/invoke?sv=1.0&sig=«s»
~~~
@sh + curl 'https://prod-1.logic.azure.com/workflows/1/invoke?sig=«s»&sv=1.0'
~~~
@33 {"hook": "https://prod-1.logic.azure.com/workflows/1/invoke?sv=1.0&sig=«s»"}
""",
)
kind(
    "stripe_key",
    one(lambda: RNG.choice(["sk_live_", "rk_live_", "sk_test_"]) + rand(ALNUM, 24)),
    r"""
@2 stripe.api_key = "«s»"
~~~
@3e Invalid API Key provided: «s»
~~~
@sh + curl https://api.stripe.com/v1/charges -u «s»:
~~~
STRIPE_SECRET_KEY=«s»
""",
)
kind(
    "stripe_webhook_secret",
    one(lambda: "whsec_" + rand(ALNUM, 32)),
    r"""
STRIPE_WEBHOOK_SECRET=«s»
~~~
@2 construct_event(payload, sig, '«s»')
~~~
@3 endpoint_secret: «s»
~~~
@33 {"webhook_secret": "«s»"}
""",
)
kind(
    "twilio_auth_token",
    one(lambda: rand(HEX, 32)),
    r"""
TWILIO_AUTH_TOKEN=«s»
~~~
@2 Client(account_sid='ACfake', auth_token='«s»')
~~~
@sh + curl -u ACfake:«s» https://api.twilio.com/2010-04-01/Accounts.json
~~~
@3 {"twilio": {"authToken": "«s»"}}
""",
)
kind(
    "sendgrid_key",
    one(lambda: "SG." + rand(URLSAFE, 22) + "." + rand(URLSAFE, 43)),
    r"""
SENDGRID_API_KEY=«s»
~~~
@2 SendGridAPIClient('«s»')
~~~
@3e HTTP Error 401: Unauthorized for key «s»
~~~
smtp://apikey:«s»@smtp.sendgrid.net:587
""",
)
kind(
    "mailgun_key",
    one(lambda: "key-" + rand(HEX, 32)),
    r"""
@sh + curl -s --user 'api:«s»' https://api.mailgun.net/v3/mg.example.com/messages
~~~
MAILGUN_API_KEY=«s»
~~~
@2 auth=("api", "«s»")
~~~
@3 {"mailgun_api_key": "«s»"}
""",
)
kind(
    "mailchimp_key",
    one(lambda: rand(HEX, 32) + "-us" + str(RNG.randrange(1, 21))),
    r"""
MAILCHIMP_API_KEY=«s»
~~~
@2 client.set_config({"api_key": "«s»", "server": "us6"})
~~~
@3 https://us6.api.mailchimp.com/3.0/lists?apikey=«s»
~~~
@sh + curl -u anystring:«s» https://us6.api.mailchimp.com/3.0/
""",
)
kind(
    "openai_key",
    one(lambda: "sk-proj-" + rand(URLSAFE, 74) + "T3BlbkFJ" + rand(URLSAFE, 74)),
    r"""
@3e Error code: 401 - {'error': {'message': 'Incorrect API key provided: «s». You can find your API key at https://platform.openai.com/account/api-keys.', 'code': 'invalid_api_key'}}
~~~
OPENAI_API_KEY=«s»
~~~
@2 OpenAI(api_key='«s»', timeout=30)
~~~
@sh + curl https://api.openai.com/v1/models -H "Authorization: Bearer «s»"
""",
)
kind(
    "openai_legacy_key",
    one(lambda: "sk-" + rand(ALNUM, 20) + "T3BlbkFJ" + rand(ALNUM, 20)),
    r"""
@2 openai.api_key = '«s»'
~~~
@tb openai.error.AuthenticationError: Incorrect API key provided: «s».
~~~
export OPENAI_KEY="«s»"
~~~
@33 {"openai_api_key": "«s»"}
""",
)
kind(
    "anthropic_key",
    one(lambda: "sk-ant-api03-" + rand(URLSAFE, 93) + "AA"),
    r"""
ANTHROPIC_API_KEY=«s»
~~~
> x-api-key: «s»
~~~
@2 Anthropic(api_key="«s»")
~~~
@3e Error code: 401 - invalid x-api-key «s»
""",
)
kind(
    "huggingface_token",
    one(lambda: "hf_" + rand(ALNUM, 34)),
    r"""
HF_TOKEN=«s»
~~~
@sh + huggingface-cli login --token «s»
~~~
@2 snapshot_download('acme/model', token='«s»')
~~~
@3 {"hf_token": "«s»"}
""",
)
kind(
    "pypi_token",
    one(lambda: "pypi-AgEIcHlwaS5vcmc" + rand(URLSAFE, 150)),
    r"""
@sh + twine upload -u __token__ -p «s» dist/*
~~~
TWINE_PASSWORD=«s»
~~~
[pypi]
username = __token__
password = «s»
~~~
@2 uploading with «s»
""",
)
kind(
    "npm_token",
    one(lambda: "npm_" + rand(ALNUM, 36)),
    r"""
//npm.example.com/:_authToken=«s»
~~~
NPM_TOKEN=«s»
~~~
@sh + npm config set //npm.example.com/:_authToken «s»
~~~
@3 npm token «s» revoked
""",
)
kind(
    "docker_token",
    one(lambda: "dckr_pat_" + rand(URLSAFE, 27)),
    r"""
@sh + docker login -u acme --password «s»
~~~
@sh + echo «s» | docker login -u acme --password-stdin
~~~
DOCKERHUB_TOKEN=«s»
~~~
@2 DockerHook login(username='acme', password='«s»', registry='registry.example.com')
""",
)
kind(
    "docker_config_auth",
    one(lambda: b64_bytes(33)),
    r"""
{"auths": {"https://registry.example.com/v1/": {"auth": "«s»"}}}
~~~
@sh {
        "auths": {
                "registry.example.com": {
                        "auth": "«s»"
                }
        }
}
~~~
@33 {"auths":{"ghcr.io":{"auth":"«s»"}}}
~~~
> X-Registry-Auth: «s»
""",
)
kind(
    "snowflake_credentials",
    one(password),
    r"""
@2 snowflake.connector.connect(user='«user»', password='«s»', account='xy12345.eu-central-1', warehouse='LOAD_WH')
~~~
snowflake://«user»:«s»@xy12345.eu-central-1/DWH/PUBLIC?warehouse=LOAD_WH&role=LOADER
~~~
@sh + SNOWSQL_PWD=«s»
~~~
@33 {"account": "xy12345", "user": "LOADER", "password": "«s»", "role": "ETL"}
~~~
    password: «s»
    account: xy12345.eu-central-1
    type: snowflake
""",
)
kind(
    "dbt_profile",
    one(plain_password),
    r"""
dwh:
  outputs:
    prod:
      type: postgres
      host: «host»
      user: «user»
      pass: «s»
      port: 5432
~~~
@sh 08:45:58  DBT_ENV_SECRET_PASSWORD=«s»
~~~
DBT_PASSWORD=«s»
~~~
@sh Could not parse profiles.yml: {'type': 'redshift', 'user': 'dbt', 'pass': '«s»', 'dbname': 'dwh'}
""",
)
kind(
    "dbt_cloud_token",
    one(lambda: "dbtc_" + rand(URLSAFE, 52)),
    r"""
DBT_CLOUD_API_TOKEN=«s»
~~~
> Authorization: Token «s»
~~~
@2 DbtCloudHook tenant=cloud.getdbt.com token=«s»
~~~
@3 {"dbt_cloud_token": "«s»"}
""",
)
kind(
    "vault_token",
    one(lambda: "hvs.CAES" + rand(URLSAFE, 90)),
    r"""
VAULT_TOKEN=«s»
~~~
> X-Vault-Token: «s»
~~~
@2 VaultBackend(url='http://vault:8200', auth_type='token', token='«s»')
~~~
@sh Key                  Value
---                  -----
token                «s»
token_accessor       8609694a
token_duration       768h
~~~
@33 {"auth": {"client_token": "«s»"}}
""",
)
kind(
    "vault_approle",
    one(lambda: f"{rand(HEX, 8)}-{rand(HEX, 4)}-{rand(HEX, 4)}-{rand(HEX, 4)}-{rand(HEX, 12)}"),
    r"""
@sh + vault write auth/approle/login role_id=etl secret_id=«s»
~~~
@2 hvac approle role_id=etl-role secret_id=«s»
~~~
@3 {"role_id": "etl-role", "secret_id": "«s»"}
~~~
VAULT_SECRET_ID=«s»
""",
)
kind(
    "datadog_key",
    one(lambda: rand(HEX, 32)),
    r"""
DD_API_KEY=«s»
~~~
> DD-API-KEY: «s»
~~~
@2 POST https://api.datadoghq.com/api/v1/series?api_key=«s»
~~~
@3 {"datadog": {"api_key": "«s»", "site": "datadoghq.eu"}}
~~~
DATADOG_APP_KEY=«s»
""",
)
kind(
    "newrelic_key",
    one(lambda: "NRAK-" + rand(UPPER + DIGITS, 27)),
    r"""
NEW_RELIC_API_KEY=«s»
~~~
> Api-Key: «s»
~~~
@2 invalid key «s»
~~~
@3 {"apiKey": "«s»"}
""",
)
kind(
    "pagerduty_key",
    one(lambda: rand(HEX, 32)),
    r"""
PAGERDUTY_ROUTING_KEY=«s»
~~~
@2 {"routing_key": "«s»", "event_action": "trigger"}
~~~
@3 {"service_key": "«s»", "event_type": "trigger"}
~~~
@33 {"integration_key": "«s»"}
""",
)
kind(
    "sentry_token",
    one(lambda: "sntrys_" + rand(URLSAFE, 90)),
    r"""
SENTRY_AUTH_TOKEN=«s»
~~~
@sh + sentry-cli --auth-token «s» releases list
~~~
> Authorization: Bearer «s»
~~~
@2 sentry token «s» expired
""",
)
kind(
    "sentry_dsn_with_secret",
    one(lambda: rand(HEX, 32)),
    r"""
SENTRY_DSN=https://public:«s»@sentry.example.com/42
~~~
@2 sentry_sdk.init(dsn='https://abc:«s»@o1.ingest.sentry.io/2')
~~~
@3 Unsupported DSN https://key:«s»@sentry.example.com/1
~~~
[sentry]
sentry_dsn = https://key:«s»@sentry.example.com/1
""",
)
kind(
    "grafana_token",
    one(lambda: "glsa_" + rand(ALNUM, 32) + "_" + rand(HEX, 8)),
    r"""
GRAFANA_TOKEN=«s»
~~~
> Authorization: Bearer «s»
~~~
@2 grafana service account token «s» lacks permissions
~~~
@33 {"key": "«s»"}
""",
)
kind(
    "shopify_token",
    one(lambda: RNG.choice(["shpat_", "shpss_"]) + rand(HEX, 32)),
    r"""
> X-Shopify-Access-Token: «s»
~~~
SHOPIFY_ACCESS_TOKEN=«s»
~~~
@2 shopify.Session('acme.myshopify.com', '2026-10', '«s»')
~~~
@3 {"shopify": {"access_token": "«s»"}}
""",
)
kind(
    "atlassian_token",
    one(lambda: "ATATT3xFfGF0" + rand(URLSAFE, 180)),
    r"""
@sh + curl -u bot@example.com:«s» https://acme.atlassian.net/rest/api/3/myself
~~~
JIRA_API_TOKEN=«s»
~~~
@2 JIRA(basic_auth=('bot@example.com', '«s»'))
~~~
@3 {"jira_token": "«s»"}
""",
)
kind(
    "notion_linear_airtable",
    one(lambda: RNG.choice(["ntn_", "lin_api_", "pat"]) + rand(ALNUM, 46)),
    r"""
NOTION_TOKEN=«s»
~~~
> Authorization: Bearer «s»
~~~
@2 Client(auth_token="«s»")
~~~
@33 {"api_key": "«s»"}
""",
)
kind(
    "telegram_bot_token",
    one(lambda: rand("123456789", 10) + ":AA" + rand(URLSAFE, 33)),
    r"""
@2 POST https://api.telegram.org/bot«s»/sendMessage
~~~
TELEGRAM_BOT_TOKEN=«s»
~~~
@3e 404 Client Error: Not Found for url: https://api.telegram.org/bot«s»/sendMessage?chat_id=1
~~~
HTTPSConnectionPool(host='api.telegram.org', port=443): Max retries exceeded with url: /bot«s»/getUpdates
""",
)
kind(
    "facebook_or_meta_token",
    one(lambda: "EAA" + rand(ALNUM, 160)),
    r"""
@2 GET https://graph.facebook.com/v21.0/act_1/insights?access_token=«s»&limit=100
~~~
@3e (#190) Error validating access token «s»
~~~
FB_ACCESS_TOKEN=«s»
~~~
@33 {"paging": {"next": "https://graph.facebook.com/v21.0/1?access_token=«s»"}}
""",
)
kind(
    "square_paypal",
    one(lambda: "EAAA" + rand(URLSAFE, 60)),
    r"""
SQUARE_ACCESS_TOKEN=«s»
~~~
@2 paypal client_id=Abc client_secret=«s»
~~~
@sh + curl -u "client:«s»" https://api-m.paypal.com/v1/oauth2/token
~~~
@3 {"access_token": "«s»"}
""",
)
kind(
    "salesforce_session",
    one(lambda: "00D" + rand(ALNUM, 12) + "!" + rand(ALNUM + "._", 96)),
    r"""
<sessionId>«s»</sessionId>
~~~
> Authorization: Bearer «s»
~~~
@2 Salesforce(instance='acme.my.salesforce.com', session_id='«s»')
~~~
@3 {"access_token": "«s»", "instance_url": "https://acme.my.salesforce.com"}
""",
)
kind(
    "salesforce_security_token",
    one(lambda: rand(ALNUM, 24)),
    r"""
@2 Salesforce(username='etl@example.com', password='x9', security_token='«s»')
~~~
SF_SECURITY_TOKEN=«s»
~~~
@3 {"extra__salesforce__security_token": "«s»"}
~~~
@33 {"security_token": "«s»"}
""",
)
kind(
    "okta_token",
    one(lambda: "00" + rand(URLSAFE, 40)),
    r"""
> Authorization: SSWS «s»
~~~
OKTA_API_TOKEN=«s»
~~~
@2 okta client token: "«s»"
~~~
@3 headers={"Authorization": "SSWS «s»"}
""",
)
kind(
    "hubspot_pat",
    one(
        lambda: (
            f"pat-eu1-{rand(HEX, 8)}-{rand(HEX, 4)}-{rand(HEX, 4)}-{rand(HEX, 4)}-{rand(HEX, 12)}"
        )
    ),
    r"""
HUBSPOT_ACCESS_TOKEN=«s»
~~~
> authorization: Bearer «s»
~~~
@2 hubspot.Client.create(access_token="«s»")
~~~
https://api.hubapi.com/contacts/v1/lists/all/contacts/all?hapikey=«s»
""",
)
kind(
    "terraform_cloud_token",
    one(lambda: rand(ALNUM, 14) + ".atlasv1." + rand(ALNUM, 67)),
    r"""
@sh + export TF_TOKEN_app_terraform_io=«s»
~~~
credentials "app.terraform.io" {
  token = "«s»"
}
~~~
@2 TFE_TOKEN=«s»
~~~
> Authorization: Bearer «s»
""",
)
kind(
    "mapbox_or_algolia",
    one(lambda: "sk.eyJ1IjoiYWNtZSIs" + rand(ALNUM, 48) + "." + rand(URLSAFE, 22)),
    r"""
@2 GET https://api.mapbox.com/geocoding/v5/mapbox.places/Paris.json?access_token=«s»
~~~
MAPBOX_TOKEN=«s»
~~~
@3 {"mapboxAccessToken": "«s»"}
~~~
@3e 401 Client Error: Unauthorized for url: https://api.mapbox.com/datasets/v1/acme?access_token=«s»
""",
)
kind(
    "confluent_kafka",
    one(lambda: rand(BASE64, 64)),
    r"""
sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required username="K2ABCDEFGH" password="«s»";
~~~
@2 {'bootstrap.servers': 'pkc-1.confluent.cloud:9092', 'sasl.username': 'K2ABC', 'sasl.password': '«s»', 'sasl.mechanisms': 'PLAIN'}
~~~
@3 {"basic.auth.user.info": "SRKEY:«s»"}
~~~
KAFKA_SASL_PASSWORD=«s»
~~~
@33 {"sasl.jaas.config": "...ScramLoginModule required username=\"etl\" password=\"«s»\";"}
""",
)
kind(
    "elasticsearch_api_key",
    one(lambda: b64_bytes(45)),
    r"""
> Authorization: ApiKey «s»
~~~
@2 Elasticsearch("https://es:9200", api_key="«s»")
~~~
ES_API_KEY=«s»
~~~
@3 {"encoded": "«s»", "name": "etl", "api_key": "«s»"}
""",
)
kind(
    "slack_signing_and_app",
    one(
        lambda: "xapp-1-A" + rand(UPPER + DIGITS, 10) + "-" + rand(DIGITS, 13) + "-" + rand(HEX, 64)
    ),
    r"""
SLACK_APP_TOKEN=«s»
~~~
@2 SocketModeClient(app_token="«s»")
~~~
@3 app token «s»
~~~
@33 {"app_token": "«s»"}
""",
)

# --- Tokens and headers ---------------------------------------------------------------------------

kind(
    "jwt",
    one(jwt),
    r"""
@2 Authorization: Bearer «s»
~~~
@3e Signature has expired: «s»
~~~
@sh < set-cookie: _token=«s»; Path=/; HttpOnly
~~~
@3 {"id_token": "«s»", "token_type": "Bearer"}
~~~
@2 decoded token «s» for user 7
~~~
https://app.example.com/cb?jwt=«s»
""",
)
kind(
    "bearer_opaque",
    one(lambda: rand(ALNUM, 40)),
    r"""
> Authorization: Bearer «s»
~~~
@2 send: b'GET /v1/orders HTTP/1.1\r\nHost: api.example.com\r\nAuthorization: Bearer «s»\r\n\r\n'
~~~
@3 request headers {'accept': '*/*', 'authorization': 'Bearer «s»'}
~~~
@sh + curl -v -H 'authorization: bearer «s»' https://api.example.com/v1
~~~
@33 {"headers": {"Authorization": "Bearer «s»"}}
""",
)
kind(
    "basic_auth_header",
    one(lambda: b64_bytes(24)),
    r"""
> Authorization: Basic «s»
~~~
@2 headers={'Authorization': 'Basic «s»'}
~~~
@3 Proxy-Authorization: Basic «s»
~~~
@sh + wget --header='Authorization: Basic «s»' https://files.example.com/a.zip
""",
)
kind(
    "digest_auth_header",
    one(lambda: rand(HEX, 32)),
    r"""
> Authorization: Digest username="etl", realm="files", nonce="0", uri="/a", qop=auth, response="«s»"
~~~
@2 Authorization: Digest username="etl", response="«s»", opaque="1"
~~~
@3 headers={'Authorization': 'Digest username="etl", realm="x", response="«s»"'}
~~~
@sh > authorization: digest username="a", response="«s»"
""",
)
kind(
    "cookie_session",
    one(lambda: rand(URLSAFE, 43)),
    r"""
> Cookie: session=«s»; lang=en
~~~
< Set-Cookie: session=«s»; Expires=Wed, 25 Nov 2026 08:45:58 GMT; HttpOnly; Path=/; SameSite=Lax
~~~
@2 headers: {'Cookie': 'JSESSIONID=«s»; theme=dark'}
~~~
@3 {"cookies": {"sessionid": "«s»"}}
~~~
@sh + curl -b 'PHPSESSID=«s»' https://portal.example.com/export.csv
""",
)
kind(
    "csrf_token_value",
    one(lambda: rand(HEX, 40)),
    r"""
< Set-Cookie: csrftoken=«s»; Path=/
~~~
@2 headers={'X-CSRFToken': '«s»'}
~~~
@3 {"csrf_token": "«s»"}
~~~
<input type="hidden" name="csrf_token" value="«s»">
""",
)
kind(
    "x_api_key_header",
    one(lambda: rand(ALNUM, 40)),
    r"""
> X-API-Key: «s»
~~~
@2 headers={'x-api-key': '«s»', 'accept': 'application/json'}
~~~
@3 {"X-Api-Key": "«s»"}
~~~
@sh + curl -H "apikey: «s»" https://api.example.com/v1/rates
~~~
> Ocp-Apim-Subscription-Key: «s»
~~~
> X-Auth-Token: «s»
""",
)
kind(
    "url_query_token",
    one(lambda: rand(ALNUM, 32)),
    r"""
@2 GET https://api.example.com/v1/rates?base=EUR&api_key=«s»
~~~
@3e 429 Client Error: Too Many Requests for url: https://api.openweathermap.org/data/2.5/weather?q=Berlin&appid=«s»
~~~
https://api.example.com/export?token=«s»&format=csv
~~~
HTTPSConnectionPool(host='api.example.com', port=443): Max retries exceeded with url: /v2/items?apikey=«s»&page=2 (Caused by NewConnectionError('<urllib3.connection.HTTPSConnection object at 0x7f2a>: Failed to establish a new connection: [Errno 111] Connection refused'))
~~~
"GET /callback?code=abc&client_secret=«s» HTTP/1.1" 200
~~~
@3 https://www.alphavantage.co/query?function=TIME_SERIES_DAILY&symbol=IBM&apikey=«s»
""",
)
kind(
    "oauth_form_body",
    lambda: {"s": rand(ALNUM, 32), "p": plain_password()},
    r"""
@2 POST body: grant_type=password&username=etl&password=«p»&client_id=app&client_secret=«s»
~~~
@sh + curl -d 'grant_type=client_credentials&client_id=app&client_secret=«s»&password=«p»' https://login.example.com/oauth/token
~~~
@3 {"grant_type": "password", "password": "«p»", "client_secret": "«s»"}
~~~
send: b'client_id=app&client_secret=«s»&username=u&password=«p»'
""",
)
kind(
    "oauth_json_response",
    lambda: {"s": rand(ALNUM, 48), "r": rand(URLSAFE, 48)},
    r"""
{"access_token":"«s»","token_type":"bearer","expires_in":3600,"refresh_token":"«r»","scope":"read"}
~~~
@2 token response: {'access_token': '«s»', 'refresh_token': '«r»', 'expires_in': 1800}
~~~
@33 {"access_token": "«s»", "refresh_token": "«r»"}
~~~
@3e Token expired: access_token=«s» refresh_token=«r»
""",
)
kind(
    "saml_or_oauth_code",
    one(lambda: rand(ALNUM, 64)),
    r"""
@2 POST /token grant_type=authorization_code&code_verifier=«s»&client_id=app
~~~
@3 oauth_token=7&oauth_token_secret=«s»
~~~
Authorization: OAuth oauth_consumer_key="ck", oauth_token="t", oauth_signature="«s»"
~~~
@2 consumer_secret='«s»'
""",
)

# --- Data source names and connection strings -----------------------------------------------------

kind(
    "dsn_postgres",
    one(password),
    r"""
@tb sqlalchemy.exc.OperationalError: (psycopg2.OperationalError) could not connect: postgresql+psycopg2://«user»:«s»@«host»:5432/«db»
~~~
@3e could not translate host name in postgresql://«user»:«s»@«host»/«db»?sslmode=require
~~~
AIRFLOW__DATABASE__SQL_ALCHEMY_CONN=postgresql+psycopg2://airflow:«s»@postgres/airflow
~~~
@sh + psql postgres://«user»:«s»@«host»:5432/«db» -c 'select 1'
~~~
@2 engine = Engine(postgresql+asyncpg://«user»:«s»@«host»:6432/«db»)
~~~
@33 {"dsn": "postgres://«user»:«s»@«host»/«db»"}
""",
)
kind(
    "dsn_mysql",
    one(password),
    r"""
@2 mysql+pymysql://«user»:«s»@«host»:3306/«db»?charset=utf8mb4
~~~
@3e Can't connect to MySQL server, url=mysql://«user»:«s»@«host»/«db»
~~~
@sh sql_alchemy_conn = mysql+mysqldb://airflow:«s»@mysql:3306/airflow
~~~
connection string mariadb+mariadbconnector://«user»:«s»@«host»:3306/«db»
""",
)
kind(
    "dsn_redis",
    one(password),
    r"""
@3e Error 111 connecting to redis://:«s»@redis:6379/0. Connection refused.
~~~
AIRFLOW__CELERY__BROKER_URL=redis://:«s»@redis:6379/0
~~~
@2 Connected to rediss://default:«s»@cache.example.com:6380/1
~~~
[2026-11-22 08:45:58,429: ERROR/MainProcess] consumer: Cannot connect to redis://:«s»@redis:6379/0: Error 111 connecting to redis:6379. Connection refused..
~~~
@sh + redis-cli -h redis -a «s» ping
""",
)
kind(
    "dsn_amqp",
    one(password),
    r"""
[2026-11-22 08:45:58,429: ERROR/MainProcess] consumer: Cannot connect to amqp://guest2:«s»@rabbitmq:5672//: [Errno 111] Connection refused.
~~~
broker_url = pyamqp://«user»:«s»@rabbitmq:5672/airflow
~~~
@2 CELERY_BROKER_URL=amqps://«user»:«s»@b-1.mq.eu-west-1.amazonaws.com:5671
~~~
@3 {"broker": "amqp://«user»:«s»@mq/vhost"}
""",
)
kind(
    "dsn_mongodb",
    one(password),
    r"""
@2 MongoClient('mongodb+srv://«user»:«s»@cluster0.ab1cd.mongodb.net/«db»?retryWrites=true&w=majority')
~~~
@3e Authentication failed for mongodb://«user»:«s»@m1:27017,m2:27017/«db»?replicaSet=rs0
~~~
@sh + mongodump --uri=mongodb://«user»:«s»@«host»:27017/«db»
~~~
MONGO_URL=mongodb://«user»:«s»@«host»/admin
""",
)
kind(
    "dsn_mssql_odbc",
    one(password),
    r"""
@3e ('28000', '[28000] Login failed'): DRIVER={ODBC Driver 18 for SQL Server};SERVER=«host»,1433;DATABASE=«db»;UID=«user»;PWD=«s»;TrustServerCertificate=yes
~~~
Server=tcp:acme.database.windows.net,1433;Initial Catalog=«db»;User ID=«user»;Password=«s»;Encrypt=True;
~~~
@2 mssql+pyodbc://«user»:«s»@«host»:1433/«db»?driver=ODBC+Driver+18+for+SQL+Server
~~~
@sh + sqlcmd -S «host» -U «user» -P «s» -Q 'select 1'
~~~
mssql+pyodbc:///?odbc_connect=DRIVER%3D%7BODBC+Driver+18%7D%3BUID%3Detl%3BPWD%3D«s|url»%3BDATABASE%3Ddwh
""",
)
kind(
    "dsn_oracle",
    one(plain_password),
    r"""
@2 oracle+oracledb://«user»:«s»@«host»:1521/?service_name=ORCLPDB1
~~~
@sh + sqlplus «user»/«s»@«host»:1521/ORCLPDB1 @load.sql
~~~
@3 cx_Oracle.connect('«user»/«s»@«host»/XE')
~~~
jdbc:oracle:thin:«user»/«s»@//«host»:1521/ORCL
""",
)
kind(
    "dsn_warehouse_other",
    one(password),
    r"""
@2 redshift+redshift_connector://«user»:«s»@acme.abc.eu-west-1.redshift.amazonaws.com:5439/dwh
~~~
@3e clickhouse+native://default:«s»@ch:9000/default: Code: 516
~~~
trino://«user»:«s»@trino.example.com:443/hive/default
~~~
@sh hive://«user»:«s»@hiveserver2:10000/default?auth=LDAP
~~~
vertica+vertica_python://dbadmin:«s»@vertica:5433/dwh
~~~
@2 teradatasql://«user»:«s»@td/?logmech=LDAP
""",
)
kind(
    "jdbc_url_password",
    one(plain_password),
    r"""
@sh 26/11/22 08:45:58 INFO JDBCRelation: url jdbc:postgresql://«host»:5432/«db»?user=«user»&password=«s»
~~~
@2 jdbc:sqlserver://«host»:1433;databaseName=«db»;user=«user»;password=«s»;encrypt=true
~~~
@3e Communications link failure jdbc:mysql://«host»:3306/«db»?user=«user»&password=«s»&useSSL=false
~~~
jdbc:redshift://«host»:5439/dwh?UID=«user»&PWD=«s»
~~~
jdbc:snowflake://xy12345.snowflakecomputing.com/?user=«user»&password=«s»&warehouse=W
""",
)
kind(
    "libpq_keyvalue",
    one(plain_password),
    r"""
@2 host=«host» port=5432 dbname=«db» user=«user» password=«s» sslmode=prefer
~~~
@3e invalid dsn: "dbname='«db»' user='«user»' host='«host»' password='«s»'"
~~~
@sh + pg_dump "host=«host» user=«user» password=«s» dbname=«db»"
~~~
psycopg2.connect(dbname='«db»', user='«user»', password='«s»', host='«host»')
~~~
primary_conninfo = 'user=repl password=«s» host=10.0.0.4 port=5432'
""",
)
kind(
    "pgpass",
    one(plain_password),
    r"""
@sh + PGPASSWORD=«s» psql -h «host» -U «user» «db»
~~~
«host»:5432:«db»:«user»:«s»
~~~
@sh PGPASSWORD=«s»
~~~
@2 env={'PGPASSWORD': '«s»', 'PGUSER': '«user»'}
""",
)
kind(
    "http_url_basic_auth",
    one(password),
    r"""
@2 GET https://«user»:«s»@files.example.com/export/orders.csv
~~~
@3e 401 Client Error: Unauthorized for url: https://«user»:«s»@artifactory.example.com/api/pypi/simple/
~~~
Looking in indexes: https://«user»:«s»@pypi.example.com/simple
~~~
@sh + export HTTPS_PROXY=http://«user»:«s»@proxy.corp.local:3128
~~~
@2 connecting to ftp://«user»:«s»@ftp.partner.example/in/
~~~
@3 sftp://«user»:«s»@sftp.partner.example:2222/upload
""",
)
kind(
    "git_url_token",
    one(lambda: rand(ALNUM, 32)),
    r"""
@sh Cloning into 'dags'...
fatal: Authentication failed for 'https://oauth2:«s»@git.example.com/data/dags.git/'
~~~
@sh + git remote add origin https://«user»:«s»@bitbucket.org/acme/dags.git
~~~
@2 GIT_SYNC_REPO=https://bot:«s»@git.example.com/dags
~~~
@3 git+https://ci:«s»@git.example.com/lib.git@main
""",
)
kind(
    "ldap_bind",
    one(password),
    r"""
AUTH_LDAP_BIND_PASSWORD = "«s»"
~~~
@sh + ldapsearch -x -D cn=svc,dc=example,dc=com -w «s» -b dc=example,dc=com
~~~
bind_password = «s»
~~~
@2 ldap bind_user=cn=svc bind_password=«s»
""",
)
kind(
    "smtp_login",
    one(plain_password),
    r"""
[smtp]
smtp_host = smtp.example.com
smtp_user = etl@example.com
smtp_password = «s»
~~~
AIRFLOW__SMTP__SMTP_PASSWORD=«s»
~~~
smtp://etl%40example.com:«s»@smtp.example.com:587
~~~
@2 smtplib.login(user='etl@example.com', password='«s»')
""",
)
kind(
    "sftp_ssh_password",
    one(plain_password),
    r"""
@sh + sshpass -p «s» sftp «user»@sftp.example.com
~~~
@2 paramiko.SSHClient.connect(hostname='sftp', username='«user»', password='«s»')
~~~
@3 {"host": "sftp", "login": "«user»", "password": "«s»", "port": 22}
~~~
@sh + lftp -u «user»,«s» sftp://sftp.example.com
~~~
ssh_key_passphrase: «s»
""",
)
kind(
    "passphrase",
    one(plain_password),
    r"""
private_key_passphrase=«s»
~~~
@2 load_pem_private_key(data, passphrase='«s»')
~~~
@sh + gpg --batch --passphrase «s» --decrypt in.gpg
~~~
@3 {"extra": {"private_key_file": "/keys/p8", "passphrase": "«s»"}}
~~~
@sh + openssl rsa -in key.pem -passin pass:«s»
""",
)
kind(
    "cli_password_flags",
    one(plain_password),
    r"""
@sh + mysql -h «host» -u «user» -p«s» «db» -e 'select 1'
~~~
@sh + mysqldump --user=«user» --password=«s» «db»
~~~
@sh + curl -u «user»:«s» https://files.example.com/a.csv
~~~
@sh + docker login -u «user» -p «s» registry.example.com
~~~
@2 Running command: ['bash', '-c', 'sqoop import --connect jdbc:mysql://h/d --username etl --password «s» --table orders']
~~~
@sh + airflow users create --username admin --password «s» --role Admin --email admin@example.com
~~~
@3 Running command: ['/usr/bin/bash', '-c', 'wget --user=etl --password=«s» https://x.example/a']
~~~
@sh + helm upgrade airflow apache-airflow/airflow --set data.metadataConnection.pass=«s»
""",
)
kind(
    "cli_token_flags",
    one(lambda: rand(ALNUM, 32)),
    r"""
@sh + kubectl --token=«s» get pods
~~~
@sh + argocd login argo.example.com --auth-token «s»
~~~
@sh + dbt-cloud job run --api-token «s» --job-id 1
~~~
@2 Running command: ['bash', '-c', 'python push.py --api-key «s» --env prod']
~~~
@sh + snowsql -a xy --token "«s»" -q 'select 1'
~~~
@3 spark-submit --conf spark.app.token=«s» job.py
""",
)

# --- Private keys ---------------------------------------------------------------------------------

kind(
    "private_key_rsa",
    lambda: pem("RSA PRIVATE KEY", 7),
    r"""
«pem»
~~~
@2 loaded key:
«pem»
~~~
@sh + cat id_rsa
«pem»
~~~
ssh_key: |
    «pem|indent»
~~~
@3 «pem»
""",
)
kind(
    "private_key_escaped",
    lambda: pem("PRIVATE KEY", 6, "\\n"),
    r"""
PRIVATE_KEY="«pem»\n"
~~~
@2 {'private_key_content': '«pem»'}
~~~
@3e Could not deserialize key data «pem»
~~~
"private_key": "«pem»\n",
~~~
@33 {"private_key": "«pem»"}
""",
)
kind(
    "private_key_openssh",
    lambda: pem("OPENSSH PRIVATE KEY", 6),
    r"""
@sh «pem»
~~~
@2 private_key=
«pem»
~~~
@3 writing «pem»
~~~
known: yes
«pem»
done
""",
)
kind(
    "private_key_ec_encrypted_dsa",
    lambda: pem(RNG.choice(["EC PRIVATE KEY", "ENCRYPTED PRIVATE KEY", "DSA PRIVATE KEY"]), 4),
    r"""
«pem»
~~~
@sh «pem»
~~~
  tls.key: |
    «pem|indent»
~~~
@33 «pem»
""",
)
kind(
    "private_key_pgp",
    lambda: pem("PGP PRIVATE KEY BLOCK", 5),
    r"""
«pem»
~~~
@sh + gpg --export-secret-keys --armor etl
«pem»
~~~
@2 gpg key
«pem»
~~~
@3 «pem»
""",
)
kind(
    "private_key_truncated",
    lambda: {"a": rand(BASE64, 64), "b": rand(BASE64, 64)},
    r"""
-----BEGIN «_kind»-----
«a»
«b»
~~~
@sh -----BEGIN «_kind»-----
«a»
«b»
~~~
@2 could not parse key: -----BEGIN «_kind»-----\n«a»\n«b»...
~~~
@3e Invalid key -----BEGIN «_kind»-----
«a»
«b»
""",
)
FILL["_kind"] = lambda: RNG.choice(["RSA ", "", "EC "]) + "PRIVATE" + " KEY"
kind(
    "age_and_minisign_key",
    one(lambda: "AGE-SECRET-KEY-1" + rand("QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L", 58)),
    r"""
SOPS_AGE_KEY=«s»
~~~
# created: 2026-11-22T08:45:58Z
# public key: age1fake
«s»
~~~
@2 age identity «s»
~~~
@3 key «s» does not match
""",
)

# --- Airflow --------------------------------------------------------------------------------------

kind(
    "fernet_key",
    one(lambda: b64_url(32)),
    r"""
AIRFLOW__CORE__FERNET_KEY=«s»
~~~
fernet_key = «s»
~~~
@2 FERNET_KEY: «s»
~~~
@3 {"fernet_key": "«s»"}
~~~
                "AIRFLOW__CORE__FERNET_KEY=«s»",
~~~
@sh + export FERNET_KEY='«s»'
""",
)
kind(
    "airflow_secret_keys",
    one(lambda: b64_bytes(16)),
    r"""
AIRFLOW__WEBSERVER__SECRET_KEY=«s»
~~~
[api]
secret_key = «s»
~~~
AIRFLOW__API_AUTH__JWT_SECRET=«s»
~~~
@2 internal_api_secret_key = «s»
~~~
@3 jwt_secret: «s»
""",
)
kind(
    "airflow_connection_uri",
    one(password),
    r"""
AIRFLOW_CONN_DWH=postgres://«user»:«s»@«host»:5432/«db»
~~~
AIRFLOW_CONN_HTTP_API='http://«user»:«s»@api.example.com:443/https'
~~~
@sh + airflow connections add dwh --conn-uri 'mysql://«user»:«s»@«host»/«db»'
~~~
@2 Using connection ID 'dwh' for task execution: postgres://«user»:«s»@«host»:5432/«db»
~~~
@3 AIRFLOW_CONN_AWS=aws://XYZ:«s|url»@/?region_name=eu-west-1
~~~
id | conn_id | uri
1  | sftp    | sftp://«user»:«s»@sftp.example.com:22/
""",
)
kind(
    "airflow_connection_json",
    one(password),
    r"""
AIRFLOW_CONN_DWH='{"conn_type": "postgres", "login": "«user»", "password": "«s»", "host": "«host»"}'
~~~
@2 {'conn_id': 'dwh', 'conn_type': 'mysql', 'login': '«user»', 'password': '«s»', 'schema': '«db»'}
~~~
@sh + airflow connections add dwh --conn-type postgres --conn-login «user» --conn-password «s» --conn-host «host»
~~~
@3 {"connection_id": "dwh", "conn_type": "postgres", "password": "«s»"}
~~~
@33 {"dwh": {"conn_type": "postgres", "password": "«s»"}}
~~~
dwh:
  conn_type: postgres
  login: «user»
  password: «s»
""",
)
kind(
    "airflow_connection_extra",
    one(lambda: rand(ALNUM, 36)),
    r"""
@2 extra='{"extra__snowflake__private_key_content": "«s»", "role": "ETL"}'
~~~
AIRFLOW_CONN_S3='aws://?aws_access_key_id=X&aws_secret_access_key=«s»'
~~~
@3 {"conn_type": "http", "extra": "{\"headers\": {\"X-Api-Key\": \"«s»\"}}"}
~~~
@33 {"extra": "{\"api_token\": \"«s»\"}"}
~~~
@2 Connection(extra={'client_secret': '«s»', 'tenantId': '7b1c'})
""",
)
kind(
    "airflow_cfg_dump",
    one(password),
    r"""
[database]
sql_alchemy_conn = postgresql+psycopg2://airflow:«s»@postgres:5432/airflow
~~~
[celery]
result_backend = db+postgresql://airflow:«s»@postgres/airflow
~~~
[celery]
flower_basic_auth = admin:«s»
~~~
@sh sql_alchemy_conn = mysql://airflow:«s»@db/airflow  # [database]
~~~
result_backend_sqlalchemy: db+mysql://airflow:«s»@db/airflow
""",
)
kind(
    "airflow_variable",
    one(plain_password),
    r"""
@2 Variable.set('crm_password', '«s»')
~~~
AIRFLOW_VAR_API_PASSWORD=«s»
~~~
{"crm_password": "«s»", "region": "eu"}
~~~
@sh + airflow variables set sftp_password «s»
""",
)
kind(
    "connection_test_output",
    one(password),
    r"""
@2 Connection test: {"status": false, "message": "(psycopg2.OperationalError) connection failed for postgresql://«user»:«s»@«host»/«db»"}
~~~
@sh Testing connection... Error: FATAL: password authentication failed (tried password='«s»')
~~~
@3 test_connection payload {"connection_id": "dwh", "login": "«user»", "password": "«s»"}
~~~
Retrieving connection: 'dwh'
Testing: login=«user», password=«s», host=«host»
Connection failed!
""",
)

# --- Notations ------------------------------------------------------------------------------------

kind(
    "json_password",
    one(password),
    r"""
{"host": "«host»", "user": "«user»", "password": "«s»"}
~~~
{"db":{"passwd":"«s»","port":5432}}
~~~
@2 payload={"username":"«user»","password":"«s»"}
~~~
@3 {"credentials": {"password": "«s»"}}
~~~
@sh   "dbPassword": "«s»",
~~~
{"name": "DB_PASSWORD", "value": "«s»"}
""",
)
kind(
    "yaml_password",
    one(plain_password),
    r"""
db:
  user: «user»
  password: «s»
~~~
@sh password: "«s»"
~~~
- name: DB_PASSWORD
  value: «s»
~~~
@2 {user: «user», password: «s», port: 5432}
~~~
mysql_root_password: '«s»'
""",
)
kind(
    "xml_password",
    one(plain_password),
    r"""
<property><name>javax.jdo.option.ConnectionPassword</name><value>«s»</value></property>
~~~
<password>«s»</password>
~~~
<connection user="«user»" password="«s»" host="«host»"/>
~~~
@2 <soap:Body><Login><UserName>etl</UserName><Password>«s»</Password></Login></soap:Body>
~~~
<wsse:Password Type="http://docs.oasis-open.org/wss/2004/01/PasswordText">«s»</wsse:Password>
""",
)
kind(
    "ini_properties_password",
    one(plain_password),
    r"""
[client]
user=«user»
password=«s»
~~~
spring.datasource.password=«s»
~~~
db.password = «s»
~~~
javax.net.ssl.keyStorePassword=«s»
~~~
@sh ssl.truststore.password=«s»
""",
)
kind(
    "env_password",
    one(plain_password),
    r"""
DB_PASSWORD=«s»
~~~
@sh + export POSTGRES_PASSWORD=«s»
~~~
declare -x MYSQL_PWD="«s»"
~~~
@sh MYSQL_ROOT_PASSWORD=«s»
HOME=/home/airflow
~~~
ENV ADMIN_PASSWORD=«s»
~~~
@2 environ({'DB_PASS': '«s»', 'HOME': '/home/airflow'})
~~~
set CRM_PWD=«s»
~~~
$env:DB_PASSWORD = "«s»"
""",
)
kind(
    "docker_inspect_env",
    one(plain_password),
    r"""
        "Env": [
            "POSTGRES_PASSWORD=«s»",
            "LANG=C.UTF-8"
        ]
~~~
@sh + docker run -e DB_PASSWORD=«s» -e TZ=UTC acme/etl:1.4
~~~
    environment:
      - DB_PASSWORD=«s»
~~~
@2 DockerOperator environment={'DB_PASSWORD': '«s»'}
~~~
@3 Starting docker container from image acme/etl with env ['MODE=prod', 'API_SECRET=«s»']
""",
)
kind(
    "python_kwargs_repr",
    one(password),
    r"""
@tb TypeError: connect() got an unexpected keyword argument 'hots' (kwargs={'user': '«user»', 'passwd': '«s»'})
~~~
@2 op_kwargs={'host': '«host»', 'password': '«s»'}
~~~
@3 Config(user='«user»', password='«s»', retries=3)
~~~
  File "/opt/airflow/dags/crm.py", line 7, in <module>
    client = Client("https://crm.example.com", user="etl", password="«s»")
~~~
@3e 1 validation error for Settings [type=extra_forbidden, input_value={'password': '«s»'}, input_type=dict]
~~~
@2 {b'password': b'«s»'}
""",
)
kind(
    "assignment_in_code",
    one(password),
    r"""
    password = "«s»"
~~~
@2 const apiSecret = '«s»';
~~~
@sh   db_password => "«s»"
~~~
String password = "«s»";
~~~
password := "«s»"
~~~
@sh password: str = '«s»'
""",
)
kind(
    "other_key_names",
    one(lambda: rand(ALNUM, 24)),
    r"""
app_secret=«s»
~~~
@2 encryption_key: «s»
~~~
@3 {"signingKey": "«s»"}
~~~
@2 auth_key='«s»'
~~~
master_password=«s»
~~~
@sh ACCESS_TOKEN=«s»
~~~
@3 storage_options={'key': 'XYZ', 'secret': '«s»'}
~~~
MINIO_ROOT_PASSWORD=«s»
~~~
@2 consumer_secret=«s»
~~~
@sh shared_secret = "«s»"
~~~
@2 api-token: «s»
""",
)
kind(
    "json_escaped_once",
    one(password),
    r"""
"{\"user\": \"«user»\", \"password\": \"«s»\"}"
~~~
@3 {"user": "«user»", "password": "«s»"}
~~~
@2 Triggering with conf "{\"token\": \"«s»\", \"env\": \"prod\"}"
~~~
@3e Invalid payload: {"secret": "«s»", "n": 1}
""",
)
kind(
    "json_escaped_twice",
    one(password),
    r"""
@33 {"user": "«user»", "password": "«s»"}
~~~
"{\"body\": \"{\\\"password\\\": \\\"«s»\\\"}\"}"
~~~
@33 {"client_secret":"«s»"}
~~~
@3 got "{\"api_key\": \"«s»\"}"
~~~
@33 {"a": "{\"password\": \"«s»\"}"}
""",
)
kind(
    "url_encoded_form",
    one(lambda: rand(ALNUM, 10) + "@" + rand(ALNUM, 6)),
    r"""
@2 body: username=etl&password=«s|url»&remember=1
~~~
@3 POST /login data=user%3Detl%26password%3D«s|url»%26next%3D%2F
~~~
postgresql://«user»:«s|url»@«host»:5432/«db»
~~~
AIRFLOW_CONN_DWH=postgres://«user»:«s|url»@«host»/«db»
""",
)


def special() -> Values:
    s = special_password()
    return {"s": s}


kind(
    "password_special_chars",
    special,
    r"""
DB_PASSWORD=«s»
~~~
@2 connect(user='etl', password='«s»', host='dwh')
~~~
{"password": "«s»", "user": "etl"}
~~~
@3 {"password": "«s»"}
~~~
@sh + export PGPASSWORD='«s»'
~~~
  password: "«s»"
~~~
@33 {"password": "«s»"}
~~~
<password>«s|xml»</password>
""",
)
kind(
    "password_at_in_uri",
    one(lambda: rand(ALNUM, 6) + "@" + rand(ALNUM, 6)),
    r"""
@tb sqlalchemy.exc.OperationalError: could not translate host name "x" (postgresql://etl:«s»@pg.example.com:5432/dwh)
~~~
@3 mysql://etl:«s»@mysql:3306/sales
~~~
AIRFLOW_CONN_DWH=postgres://etl:«s»@db.internal/dwh
~~~
amqp://etl:«s»@rabbit:5672//
""",
)
kind(
    "password_slash_hash_in_uri",
    one(lambda: rand(ALNUM, 5) + RNG.choice("/#?") + rand(ALNUM, 6)),
    r"""
postgresql://etl:«s»@pg.example.com:5432/dwh
~~~
@2 redis://:«s»@redis:6379/0
~~~
@3e Port could not be cast to integer value as 'x' in mongodb://etl:«s»@mongo/admin
~~~
mssql+pymssql://sa:«s»@mssql/master
""",
)
kind(
    "password_quotes_and_blanks",
    one(lambda: f"{rand(ALNUM, 5)}'{rand(ALNUM, 5)} {rand(ALNUM, 5)}"),
    r"""
{"user": "etl", "password": "«s»"}
~~~
@3 {"password": "«s»"}
~~~
  password: "«s»"
~~~
@2 {'user': 'etl', 'password': "«s»"}
""",
)
kind(
    "password_with_double_quote",
    one(lambda: f'{rand(ALNUM, 5)}"{rand(ALNUM, 7)}'),
    r"""
{"user": "etl", "password": "«s|json»"}
~~~
@3 {"password": "«s|json»"}
~~~
@2 {'user': 'etl', 'password': '«s»'}
~~~
@3e rejected: {"secret": "«s|json»"}
""",
)
kind(
    "password_backslash",
    one(lambda: f"{rand(ALNUM, 5)}\\\\{rand(ALNUM, 7)}"),
    r"""
{"password": "«s»"}
~~~
@2 {'password': '«s»'}
~~~
DB_PASSWORD="«s»"
~~~
@3 password='«s»'
""",
)
kind(
    "password_unicode",
    one(lambda: f"{RNG.choice(['Größe', 'ñandú', 'Żółw', 'пароль', 'éléphant'])}{rand(ALNUM, 8)}"),
    r"""
DB_PASSWORD=«s»
~~~
{"password": "«s»"}
~~~
@2 login with password '«s»'
~~~
@3 {"password": "«s»"}
""",
)
kind(
    "password_short",
    one(lambda: rand(ALNUM, 6)),
    r"""
PGPASSWORD=«s»
~~~
@2 user=etl password=«s» host=db
~~~
{"password": "«s»"}
~~~
postgresql://etl:«s»@db/dwh
~~~
password: «s»
""",
)
kind(
    "password_in_prose",
    one(plain_password),
    r"""
@2 Trying to log in as etl with password «s»
~~~
@3e Login failed for user etl using password "«s»"
~~~
@sh the new password is «s»
~~~
@sh Generated admin password: «s»
~~~
Simple auth manager | Password for user 'admin': «s»
~~~
standalone | Airflow is ready
standalone | Login with username: admin  password: «s»
""",
)
kind(
    "token_in_prose",
    one(lambda: rand(ALNUM, 40)),
    r"""
@2 Received token «s» from vault
~~~
@sh To access the notebook: http://127.0.0.1:8888/lab?token=«s»
~~~
@3 using api key «s»
~~~
@3e API key "«s»" is not authorized for this resource
~~~
@sh Your new access token is: «s»
""",
)

# --- Other languages ------------------------------------------------------------------------------

kind(
    "password_spanish",
    one(plain_password),
    r"""
contraseña=«s»
~~~
@2 Usuario: etl, Contraseña: «s»
~~~
@3 {"usuario": "etl", "contraseña": "«s»"}
~~~
contrasena: «s»
~~~
@sh clave=«s»
""",
)
kind(
    "password_french",
    one(plain_password),
    r"""
mot_de_passe: «s»
~~~
@2 Connexion refusée, mot de passe : «s»
~~~
@3 {"utilisateur": "etl", "mot_de_passe": "«s»"}
~~~
motdepasse=«s»
~~~
@sh mdp=«s»
""",
)
kind(
    "password_german",
    one(plain_password),
    r"""
Passwort: «s»
~~~
@2 Anmeldung mit Benutzer=etl, Passwort=«s»
~~~
@3 {"benutzer": "etl", "passwort": "«s»"}
~~~
Kennwort=«s»
~~~
@sh DB_PASSWORT=«s»
""",
)
kind(
    "password_portuguese_italian",
    one(plain_password),
    r"""
senha=«s»
~~~
@2 usuário=etl senha: «s»
~~~
@3 {"senha": "«s»"}
~~~
parola_d_ordine: «s»
~~~
DB_SENHA=«s»
""",
)
kind(
    "password_slavic",
    one(plain_password),
    r"""
пароль=«s»
~~~
@2 Пользователь: etl, Пароль: «s»
~~~
@3 {"hasło": "«s»"}
~~~
heslo: «s»
~~~
hasło=«s»
""",
)
kind(
    "password_east_asian",
    one(plain_password),
    r"""
密码: «s»
~~~
@2 パスワード: «s»
~~~
@3 {"密码": "«s»"}
~~~
비밀번호=«s»
~~~
密碼=«s»
~~~
用户名：etl 密码：«s»
""",
)
kind(
    "password_nordic_dutch_turkish",
    one(plain_password),
    r"""
wachtwoord: «s»
~~~
@2 lösenord=«s»
~~~
@3 {"şifre": "«s»"}
~~~
salasana: «s»
~~~
adgangskode=«s»
""",
)

# --- SQL, Spark, Kubernetes, Terraform ------------------------------------------------------------

kind(
    "sql_create_user",
    one(plain_password),
    r"""
@2 Executing: CREATE USER reporting WITH PASSWORD '«s»'
~~~
@3e (psycopg2.errors.DuplicateObject) role "etl" already exists [SQL: CREATE ROLE etl LOGIN PASSWORD '«s»']
~~~
ALTER USER 'etl'@'%' IDENTIFIED BY '«s»';
~~~
@3 Running statement: CREATE LOGIN etl WITH PASSWORD = '«s»', CHECK_POLICY = OFF
~~~
@2 ALTER USER LOADER SET PASSWORD = '«s»'
~~~
CREATE USER etl IDENTIFIED WITH sha256_password BY '«s»'
""",
)
kind(
    "sql_copy_credentials",
    aws_pair,
    r"""
@2 Executing: COPY orders FROM 's3://«bucket»/in' CREDENTIALS 'aws_access_key_id=XYZ;aws_secret_access_key=«s»' CSV
~~~
@3 CREATE STAGE raw URL='s3://«bucket»' CREDENTIALS=(AWS_KEY_ID='XYZ' AWS_SECRET_KEY='«s»')
~~~
@3e [SQL: UNLOAD ('select 1') TO 's3://«bucket»/o' ACCESS_KEY_ID 'XYZ' SECRET_ACCESS_KEY '«s»']
~~~
CREATE SECRET s (TYPE S3, KEY_ID 'XYZ', SECRET '«s»', REGION 'eu-west-1');
~~~
SELECT * FROM s3('https://«bucket».s3.amazonaws.com/a.csv', 'XYZ', '«s»', 'CSV')
""",
)
kind(
    "sql_dblink_and_fdw",
    one(plain_password),
    r"""
@2 CREATE USER MAPPING FOR etl SERVER crm OPTIONS (user 'etl', password '«s»')
~~~
SELECT * FROM dblink('dbname=crm user=etl password=«s»', 'select 1') AS t(id int)
~~~
@3e [SQL: CREATE SUBSCRIPTION s CONNECTION 'host=pub user=repl password=«s»' PUBLICATION p]
~~~
ATTACH 'host=pg user=etl password=«s» dbname=dwh' AS pg (TYPE postgres)
""",
)
kind(
    "spark_conf",
    aws_pair,
    r"""
@sh   --conf spark.hadoop.fs.s3a.secret.key=«s» \
~~~
@2 Spark-Submit cmd: spark-submit --master yarn --conf spark.hadoop.fs.s3a.access.key=XYZ --conf spark.hadoop.fs.s3a.secret.key=«s» job.py
~~~
spark.hadoop.fs.s3a.secret.key «s»
~~~
@3 ('spark.hadoop.fs.s3a.secret.key', '«s»')
~~~
fs.s3.awsSecretAccessKey=«s»
""",
)
kind(
    "spark_jdbc_options",
    one(plain_password),
    r"""
@2 df.write.format('jdbc').option('user', 'etl').option('password', '«s»').save()
~~~
@sh + spark-submit --jars ojdbc8.jar job.py --db-password «s»
~~~
@sh spark.ssl.keyPassword=«s»
~~~
@3 properties={'user': 'etl', 'password': '«s»', 'driver': 'org.postgresql.Driver'}
""",
)
kind(
    "kubernetes_secret",
    one(lambda: b64_bytes(21)),
    r"""
apiVersion: v1
kind: Secret
metadata:
  name: db-credentials
type: Opaque
data:
  password: «s»
~~~
@2 {'kind': 'Secret', 'data': {'db-password': '«s»'}, 'metadata': {'name': 'db'}}
~~~
@3 {"apiVersion":"v1","kind":"Secret","data":{"connection-password":"«s»"}}
~~~
@sh + kubectl create secret generic db --from-literal=password=«s»
~~~
@sh + kubectl create secret docker-registry reg --docker-username=a --docker-password=«s»
""",
)
kind(
    "kubeconfig",
    one(lambda: b64_bytes(96)),
    r"""
users:
- name: etl
  user:
    client-key-data: «s»
~~~
@2 {"users": [{"name": "etl", "user": {"token": "«s»"}}]}
~~~
@3 client-key-data: «s»
~~~
@sh     token: «s»
""",
)
kind(
    "terraform_values",
    one(password),
    r"""
@sh   + password               = "«s»"
~~~
@sh + terraform apply -auto-approve -var db_password=«s»
~~~
TF_VAR_db_password=«s»
~~~
  "outputs": {"admin_password": {"value": "«s»", "type": "string"}}
~~~
@sh   ~ master_password = "old" -> "«s»"
""",
)
kind(
    "helm_and_compose_values",
    one(plain_password),
    r"""
postgresql:
  auth:
    postgresPassword: «s»
~~~
@sh   POSTGRES_PASSWORD: «s»
~~~
@sh + helm install pg bitnami/postgresql --set auth.postgresPassword=«s»
~~~
redis:
  password: "«s»"
""",
)
kind(
    "s3fs_and_storage_options",
    aws_pair,
    r"""
@2 pd.read_parquet('s3://«bucket»/a', storage_options={'key': 'XYZ', 'secret': '«s»'})
~~~
@3 S3FileSystem(key='XYZ', secret='«s»', endpoint_url='http://minio:9000')
~~~
@sh + s3cmd --access_key=XYZ --secret_key=«s» ls
~~~
@sh + rclone copy --s3-secret-access-key «s» a b
~~~
@2 Minio('minio:9000', access_key='etl', secret_key='«s»')
""",
)
kind(
    "password_hash",
    one(lambda: "$2b$12$" + rand("./" + ALNUM, 53)),
    r"""
etl:«s»
~~~
@2 user row (1, 'admin', '«s»', 'admin@example.com')
~~~
@3 {"username": "admin", "password_hash": "«s»"}
~~~
hashed_password=«s»
""",
)
kind(
    "password_hash_werkzeug",
    one(lambda: "scrypt:32768:8:1$" + rand(ALNUM, 16) + "$" + rand(HEX, 128)),
    r"""
@2 INSERT INTO ab_user (username, password) VALUES ('admin', '«s»')
~~~
@3 {"password": "«s»"}
~~~
password=«s»
~~~
@2 check_password_hash('«s»', pwd)
""",
)
kind(
    "totp_and_otp",
    one(lambda: rand(BASE32, 32)),
    r"""
otpauth://totp/etl@example.com?secret=«s»&issuer=Acme
~~~
totp_secret=«s»
~~~
@2 pyotp.TOTP('«s»') secret='«s»'
~~~
@3 {"mfa_secret": "«s»"}
""",
)
kind(
    "pandas_sqlalchemy_error",
    one(plain_password),
    r"""
@tb sqlalchemy.exc.ArgumentError: Could not parse SQLAlchemy URL from string 'postgres:etl:«s»@db/dwh'
~~~
@tb sqlalchemy.exc.NoSuchModuleError: Can't load plugin: sqlalchemy.dialects:postgres for postgres://etl:«s»@db/dwh
~~~
@3e (pymysql.err.OperationalError) (1045, "Access denied") url=mysql+pymysql://etl:«s»@db/dwh
~~~
@3 Engine(mssql+pyodbc://sa:«s»@sql/master?driver=x)
""",
)
kind(
    "requests_debug",
    one(lambda: rand(ALNUM, 40)),
    r"""
DEBUG:urllib3.connectionpool:https://api.example.com:443 "GET /v1/a?access_token=«s» HTTP/1.1" 200 None
~~~
[2026-11-22, 08:45:58 UTC] {connectionpool.py:549} DEBUG - https://api.example.com:443 "POST /v1/login?token=«s» HTTP/11" 401 25
~~~
header: Set-Cookie: sid=«s»; Path=/; HttpOnly
~~~
INFO:httpx:HTTP Request: GET https://api.example.com/v1/x?api_key=«s» "HTTP/1.1 200 OK"
""",
)
kind(
    "curl_verbose",
    one(lambda: b64_bytes(27)),
    r"""
@sh * Server auth using Basic with user 'etl'
> GET /a.csv HTTP/1.1
> Host: files.example.com
> Authorization: Basic «s»
> User-Agent: curl/8.5.0
~~~
@sh > authorization: Basic «s»
~~~
> Proxy-Authorization: Basic «s»
~~~
{"req": {"headers": {"authorization": "Basic «s»"}}}
""",
)
kind(
    "firebase_fcm_and_supabase",
    one(lambda: "AAAA" + rand(URLSAFE, 7) + ":APA91b" + rand(URLSAFE, 134)),
    r"""
@2 Authorization: key=«s»
~~~
FCM_SERVER_KEY=«s»
~~~
@3 {"server_key": "«s»"}
~~~
@33 {"fcm": {"api_key": "«s»"}}
""",
)
kind(
    "tableau_powerbi",
    one(lambda: rand(ALNUM, 22) + "==:" + rand(ALNUM, 32)),
    r"""
@2 PersonalAccessTokenAuth('etl', personal_access_token='«s»', site_id='acme')
~~~
TABLEAU_TOKEN_VALUE=«s»
~~~
<credentials personalAccessTokenName="etl" personalAccessTokenSecret="«s»"><site contentUrl="acme"/></credentials>
~~~
@3 {"personalAccessTokenSecret": "«s»"}
""",
)


def rows() -> list[str]:
    """The lines of secrets.jsonl, one for each form of each kind; the same on every call."""
    RNG.seed(SEED)
    lines: list[str] = []
    for name, (make, forms) in KINDS.items():
        for form in forms:
            text, secrets = render(form, make())
            if not secrets or any(s not in text for s in secrets):
                raise ValueError(f"no secret in a form of {name}: {form[:60]}")
            if name in PIECEWISE:
                secrets = list(dict.fromkeys([*secrets, *(p for s in secrets for p in pieces(s))]))
            row = {
                "kind": name,
                "text_b64": encode(text),
                "secrets_b64": [encode(s) for s in secrets],
            }
            lines.append(json.dumps(row))
    return lines


def encode(text: str) -> str:
    """UTF-8 in base64."""
    return base64.b64encode(text.encode()).decode()


def main() -> None:
    """Write secrets.jsonl beside this script."""
    (HERE / "secrets.jsonl").write_text("\n".join(rows()) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
