"""Every kind of receiver, by its name in the configuration."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from caffewatch.deliver.alertmanager import AlertmanagerReceiver, AlertmanagerSettings
from caffewatch.deliver.apprise import AppriseReceiver, AppriseSettings
from caffewatch.deliver.email import EmailReceiver, EmailSettings
from caffewatch.deliver.exec import ExecReceiver, ExecSettings
from caffewatch.deliver.receiver import Receiver, ReceiverSettings
from caffewatch.deliver.site import Site
from caffewatch.deliver.slack import SlackReceiver, SlackSettings
from caffewatch.deliver.webhook import WebhookReceiver, WebhookSettings


@dataclass(frozen=True, slots=True)
class ReceiverType:
    """One kind: its settings and what makes a receiver out of them."""

    settings: type[ReceiverSettings]
    make: Callable[[Any, Site], Receiver]


RECEIVERS: Mapping[str, ReceiverType] = {
    AlertmanagerSettings.type: ReceiverType(AlertmanagerSettings, AlertmanagerReceiver),
    AppriseSettings.type: ReceiverType(AppriseSettings, AppriseReceiver),
    EmailSettings.type: ReceiverType(EmailSettings, EmailReceiver),
    ExecSettings.type: ReceiverType(ExecSettings, ExecReceiver),
    SlackSettings.type: ReceiverType(SlackSettings, SlackReceiver),
    WebhookSettings.type: ReceiverType(WebhookSettings, WebhookReceiver),
}


def make_receiver(settings: ReceiverSettings, site: Site) -> Receiver:
    """Make the receiver that belongs to these settings."""
    return RECEIVERS[settings.type].make(settings, site)
