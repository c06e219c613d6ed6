"""AWS IAM auth: a signed question "who am I?", which the KMS passes on to AWS (kms-api §2.3)."""

from __future__ import annotations

import json
from base64 import b64encode
from typing import ClassVar, Final

from ..classes import frozen
from ..http import Body
from ..values import SecretValue
from .aws_keys import keys, region_here
from .method import Means, Method
from .sigv4 import Scope, Signable, signed

_QUESTION: Final = b"Action=GetCallerIdentity&Version=2011-06-15"
_FORM: Final = "application/x-www-form-urlencoded; charset=utf-8"


@frozen(kw_only=True)
class AwsIamAuth(Method):
    """The proof is signed with the keys of this program's role or user; they never leave the program.

    The KMS asks the public AWS, so keys of other partitions (China) do not work.

    Attributes:
        identity_id: Of the identity in the KMS.
        region: Whose token service the KMS is to ask; "" for the one of the environment or the instance.
    """

    name: ClassVar[str] = "aws-iam"
    segment: ClassVar[str] = "aws-auth"
    told: ClassVar[tuple[tuple[str, str], ...]] = (
        ("account ID not allowed", "the AWS account is not among those that the identity allows"),
        ("ARN not allowed", "the AWS role or user is not among those that the identity allows"),
        ("400 ", "the KMS does not know the AWS region; check it"),
    )
    trouble: ClassVar[str] = "it answers so too when AWS does not accept the keys"
    identity_id: str
    region: str = ""

    def prove(self, means: Means) -> Body:
        region = self.region or region_here(means)
        host = f"sts.{region}.amazonaws.com"
        moment = means.server.deadline.clock.now()
        question = Signable("POST", f"https://{host}/", {"Host": host, "Content-Type": _FORM}, _QUESTION)
        headers = signed(question, keys(means, region=region), Scope(moment, region, "sts"))
        # Unsigned: it only has the answer come as JSON, which is what the KMS reads.
        sent = json.dumps({**headers, "Accept": "application/json"})
        return {
            "identityId": self.identity_id,
            "iamHttpRequestMethod": "POST",
            "iamRequestBody": b64encode(_QUESTION).decode(),
            "iamRequestHeaders": SecretValue(b64encode(sent.encode())),
        }
