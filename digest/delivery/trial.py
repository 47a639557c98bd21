"""One message outside the accounts: a test."""

from digest.config import Settings
from digest.delivery.addresses import BadAddressError, mailbox
from digest.delivery.envelope import Envelope
from digest.delivery.replies import Verdict, decide
from digest.delivery.smtp import SmtpTransport, Transport, send_one
from digest.errors import BadRecipientError


async def send_test(
    settings: Settings, sender: str, to: str, message: bytes, transport: Transport | None = None
) -> tuple[bool, str]:
    """Send one message to one address, which need not be a subscriber's.

    Returns:
        Whether the server took it, and what it said.

    Raises:
        BadRecipientError: the address cannot be mailed.
        ServerUnreachableError: the server cannot be reached.
        ServerRefusesError: the server will not work for us as we are set up.
    """
    try:
        recipient = mailbox(to)
    except BadAddressError as error:
        raise BadRecipientError(email=to, why=str(error).rstrip(".")) from error
    connection = await (transport or SmtpTransport(settings.smtp)).open()
    try:
        if recipient.utf8 and not connection.utf8:
            raise BadRecipientError(email=to, why="the SMTP server takes only ASCII addresses")
        envelope = Envelope(sender, recipient, len(message))
        answer = await send_one(connection, envelope, message)
    finally:
        await connection.close()
    return decide(answer).verdict is Verdict.ACCEPTED, str(answer)
