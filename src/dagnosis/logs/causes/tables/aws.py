"""AWS error codes: reviewed rows of `aws.tsv`, else what name and status of a code say.

`aws_models.tsv` lists every error of every service with status and fault; too many to review. The
rules below read the words that AWS builds its names of, and then the status.
"""

from __future__ import annotations

from functools import cached_property
from typing import TypeAlias

import re2

from dagnosis.logs.causes.tables.table import HERE, Table, TableHit, fix_steps
from dagnosis.model import Transience

_Meaning: TypeAlias = tuple[str, Transience, float, str, str]
"""Family, transience, weight, what it means, key of the steps."""

# By words of the name, in this order.
_RULES: tuple[tuple[str, _Meaning], ...] = (
    (r"Throttl|TooManyRequests|RequestLimit|SlowDown|RateExceeded|RequestRate|TooManyUpdates", ("rate_limit_quota", "transient", 5.0, "the rate of calls is limited", "rate")),
    (r"Timeout|TimedOut|TimeOut|DeadlineExceeded", ("timeout", "transient", 4.5, "it took too long", "slow")),
    (r"Insufficient\w*Capacity|Capacity\w*(?:Insufficient|NotAvailable|Unavailable)|OutOfCapacity", ("external_service_error", "transient", 4.6, "AWS has no capacity for this now", "retry_later")),
    (r"LimitExceeded|QuotaExceeded|LimitReached|QuotaReached|OverLimit|OverQuota|TooMany|ExceedsLimit|MaximumNumber|Exceeded(?:Fault|Exception)?$", ("rate_limit_quota", "unknown", 4.5, "a quota or limit is reached", "quota")),
    (r"ExpiredToken|TokenExpired|InvalidToken|InvalidClientToken|UnrecognizedClient|Signature|AuthFailure|Unauthenticated|NotAuthenticated|MissingAuthentication|Credential|InvalidAccessKey|InvalidGrant|PasswordExpired|UserNotConfirmed", ("authentication", "permanent", 4.6, "the credentials were not accepted", "aws_key")),
    (r"AccessDenied|AccessDenied|Unauthori[sz]ed|NotAuthori[sz]ed|Authori[sz]ationError|Forbidden|Permission|NotPermitted|OptInRequired|SubscriptionRequired|AccessNotGranted|Privilege", ("permission", "permanent", 4.6, "access is denied", "iam")),
    (r"NotFound|DoesNotExist|NoSuch|NonExistent|NotExist|Nonexistent|Unknown\w*(?:Resource|Snapshot|Cluster|Table)|NotKnown|IsMissing", ("resource_not_found", "permanent", 4.5, "what was asked for does not exist", "missing_object")),
    (r"AlreadyExist|Duplicate|AlreadyOwned|AlreadyIn|AlreadyAssociated|AlreadyAttached|NameConflict|AlreadyEnabled", ("code_error", "permanent", 4.3, "it exists already", "exists")),
    (r"Conflict|InUse|Concurrent|Busy|NotReady|InProgress|Pending|Locked|Invalid\w*State|StateInvalid|IncorrectState|NotAvailable|NotActive|StaleVersion|PreconditionFailed|VersionMismatch|Interrupted", ("external_service_error", "unknown", 4.2, "the object is in another state than the call needs", "conflict")),
    (r"Unavailable|Internal|ServiceFailure|ServerException|ServerError|ServiceError|ServiceException|Dependency|DependentService|Failure(?:Fault)?$|EngineFault", ("external_service_error", "transient", 4.4, "the service failed", "remote_error")),
    (r"StorageFull|InsufficientStorage|DiskFull|InsufficientDisk|StorageQuota", ("disk_full", "permanent", 4.6, "storage is used up", "db_storage")),
    (r"TooLarge|TooLong|PayloadSize|SizeExceed|TooBig", ("data_error", "permanent", 4.4, "the input is larger than the service takes", "payload")),
    (r"KMS|Kms", ("permission", "unknown", 4.3, "the KMS key cannot be used: its policy, state or grant", "iam")),
    (r"Valid|Invalid|Malformed|Missing|BadRequest|Unsupported|NotSupported|Mismatch|Parse|Parameter|Argument|Syntax|Incompatible|Input|Query|Expression|Immutable|Operation|Required|Deprecated", ("code_error", "permanent", 3.8, "the request is not valid", "bad_request")),
)  # fmt: skip
_OF_STATUS: dict[int, _Meaning] = {
    401: ("authentication", "permanent", 4.3, "the credentials were not accepted", "aws_key"),
    402: ("rate_limit_quota", "unknown", 4.3, "a quota or limit is reached", "quota"),
    403: ("permission", "permanent", 4.3, "access is denied", "iam"),
    404: ("resource_not_found", "permanent", 4.3, "what was asked for does not exist", "missing_object"),
    408: ("timeout", "transient", 4.3, "it took too long", "slow"),
    409: ("external_service_error", "unknown", 4.0, "the object is in another state than the call needs", "conflict"),
    413: ("data_error", "permanent", 4.3, "the input is larger than the service takes", "payload"),
    429: ("rate_limit_quota", "transient", 4.6, "the rate of calls is limited", "rate"),
    500: ("external_service_error", "transient", 4.0, "the service failed", "remote_error"),
    400: ("code_error", "permanent", 3.5, "the request is not valid", "bad_request"),
}  # fmt: skip


class AwsTable(Table):
    """`aws.tsv`, and below it the errors of the service models."""

    @cached_property
    def _rules(self) -> list[tuple[re2._Regexp, _Meaning]]:
        return [(re2.compile(expression), meaning) for expression, meaning in _RULES]

    @cached_property
    def models(self) -> dict[str, str]:
        """Code -> its line of `aws_models.tsv`."""
        body = (HERE / "aws_models.tsv").read_text("utf-8").partition("\n\n")[2]
        return {line.partition("\t")[0]: line for line in body.splitlines()}

    def get(self, code: str) -> TableHit | None:
        """The reviewed row of `code`, else the derived one; None for an unknown code.

        "InvalidSubnetID.NotFound" is no code of a model, but says what it means after its dot.
        """
        reviewed = super().get(code)
        if reviewed:
            return reviewed
        if code in self.models:
            _, status, fault, flags, _ = self.models[code].split("\t")
            return self._derived(code, int(status), fault, flags)
        return self._derived(code, 400, "c", "-") if "." in code else None

    def _derived(self, code: str, status: int, fault: str, flags: str) -> TableHit:
        family, transience, weight, meaning, steps = self._meaning(code, status, fault)
        if "t" in flags:
            family, weight, meaning, steps = "rate_limit_quota", 5.0, "calls are throttled", "rate"
        if flags != "-":
            transience = "transient"
        return TableHit(
            table=self.name,
            code=code,
            name=f"AWS {code}: {meaning}",
            family=family,
            transience=transience,
            weight=weight,
            fix=fix_steps()[steps],
        )

    def _meaning(self, code: str, status: int, fault: str) -> _Meaning:
        for expression, meaning in self._rules:
            if expression.search(code):
                return meaning
        if status >= 500 or fault == "s":
            status = 500
        return _OF_STATUS.get(status, _OF_STATUS[400])
