"""Saved accounts: shared between processes, whole at any moment, and read from nobody else."""

from __future__ import annotations

import hashlib
import json
import os
import pickle
import stat
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from sandbox.sandbox_support import (
    ACCOUNT,
    METADATA,
    PEM,
    POLICY,
    arn,
    client,
    details,
    managed,
    ssh_key,
    trusting,
)

from reconciler import sandbox
from reconciler.errors import SandboxError
from reconciler.sandbox.store import Saved


def file_of(name: str) -> Path:
    return Saved.named(name, account=ACCOUNT, repository=None).path


def users(iam: Any) -> list[str]:
    return [user["UserName"] for user in iam.list_users(MaxItems=1000)["Users"]]


def started(code: str) -> subprocess.Popen[str]:
    lines = "from reconciler import sandbox\niam = sandbox.session('shared').client('iam')\n"
    command = [sys.executable, "-c", lines + code]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def test_what_one_session_writes_the_next_reads() -> None:
    first = client("shared")
    first.create_policy(PolicyName="p", PolicyDocument=POLICY, Tags=[{"Key": "a", "Value": "b"}])
    first.create_user(UserName="u", PermissionsBoundary=arn("policy/p"), Tags=[{"Key": "a", "Value": "b"}])
    first.attach_user_policy(UserName="u", PolicyArn=managed("ReadOnlyAccess"))
    first.create_service_specific_credential(UserName="u", ServiceName="codecommit.amazonaws.com")
    assert details(client("shared")) == details(first)
    again = client("shared")
    assert again.get_policy(PolicyArn=managed("ReadOnlyAccess"))["Policy"]["AttachmentCount"] == 1
    assert len(again.list_service_specific_credentials(UserName="u")["ServiceSpecificCredentials"]) == 1
    caller = sandbox.session("shared").client("sts").get_caller_identity()
    assert caller["UserId"] == sandbox.session("shared").client("sts").get_caller_identity()["UserId"]


def test_everything_that_moto_keeps_is_saved_too() -> None:
    iam = client("shared")
    iam.create_user(UserName="u")
    iam.create_login_profile(UserName="u", Password="Correct-horse-1")
    iam.create_access_key(UserName="u")
    iam.upload_signing_certificate(UserName="u", CertificateBody=PEM)
    iam.upload_ssh_public_key(UserName="u", SSHPublicKeyBody=ssh_key())
    serial = iam.create_virtual_mfa_device(VirtualMFADeviceName="d")["VirtualMFADevice"]["SerialNumber"]
    iam.enable_mfa_device(UserName="u", SerialNumber=serial, AuthenticationCode1="123456", AuthenticationCode2="654321")
    iam.create_saml_provider(Name="saml", SAMLMetadataDocument=METADATA)
    iam.create_open_id_connect_provider(Url="https://example.org", ThumbprintList=["a" * 40])
    iam.upload_server_certificate(ServerCertificateName="c", CertificateBody=PEM, PrivateKey="key")
    iam.create_account_alias(AccountAlias="alias")
    iam.update_account_password_policy(MinimumPasswordLength=12)
    iam.create_service_linked_role(AWSServiceName="ecs.amazonaws.com")
    iam.generate_credential_report()
    iam.create_role(RoleName="r", AssumeRolePolicyDocument=trusting(arn("root")))
    sandbox.session("shared").client("sts").assume_role(RoleArn=arn("role/r"), RoleSessionName="me")
    other = client("shared")
    assert other.list_saml_providers()["SAMLProviderList"][0]["Arn"] == arn("saml-provider/saml")
    assert other.get_account_password_policy()["PasswordPolicy"]["MinimumPasswordLength"] == 12
    assert other.list_virtual_mfa_devices()["VirtualMFADevices"][0]["SerialNumber"] == serial
    assert other.list_account_aliases()["AccountAliases"] == ["alias"]
    assert len(details(other, "Role")["RoleDetailList"]) == 2
    assert other.generate_credential_report()["State"] in {"INPROGRESS", "COMPLETE"}


def test_names_accounts_and_repositories_tell_saved_accounts_apart(tmp_path: Path) -> None:
    options: list[tuple[str, dict[str, Any]]] = [
        ("one", {}),
        ("two", {}),
        ("one", {"account": "210987654321"}),
        ("one", {"repository": tmp_path}),
        ("one", {"repository": tmp_path / "other"}),
    ]
    for number, (name, others) in enumerate(options):
        client(name, **others).create_user(UserName=f"user{number}")
    for number, (name, others) in enumerate(options):
        assert users(client(name, **others)) == [f"user{number}"]
    (tmp_path / "link").symlink_to(tmp_path / "other")
    assert users(client("one", repository=tmp_path / "link")) == ["user4"]
    assert list(tmp_path.iterdir()) == [tmp_path / "link"]


def test_the_state_is_the_users_own_and_small() -> None:
    iam = client("shared")
    iam.create_user(UserName="u")
    iam.attach_user_policy(UserName="u", PolicyArn=managed("AdministratorAccess"))
    path = file_of("shared")
    assert path.is_relative_to(os.environ["XDG_STATE_HOME"])
    assert path.name.startswith("shared-")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert path.stat().st_size < 5000


def test_reads_and_refusals_write_nothing() -> None:
    iam = client("shared")
    assert users(iam) == []
    with pytest.raises(iam.exceptions.NoSuchEntityException):
        iam.delete_user(UserName="u")
    assert not file_of("shared").exists()
    iam.create_user(UserName="u")
    before = file_of("shared").stat()
    assert users(iam) == ["u"]
    with pytest.raises(iam.exceptions.EntityAlreadyExistsException):
        iam.create_user(UserName="U")
    assert file_of("shared").stat() == before


def test_reset_removes_the_state_and_running_sessions_start_afresh() -> None:
    assert sandbox.reset("shared") is False
    iam = client("shared")
    iam.create_user(UserName="u")
    client("other").create_user(UserName="v")
    assert sandbox.reset("shared") is True
    assert sandbox.reset("shared") is False
    assert users(iam) == users(client("shared")) == []
    assert users(client("other")) == ["v"]


@pytest.mark.parametrize("name", ["", "../up", "a/b", "a b", ".hidden", "x" * 65, "n\n"])
def test_a_name_is_a_plain_word(name: str) -> None:
    with pytest.raises(SandboxError, match="is no name for a sandbox"):
        sandbox.session(name)
    with pytest.raises(SandboxError, match="is no name for a sandbox"):
        sandbox.reset(name)


def test_a_saved_account_stays_in_its_partition() -> None:
    client("shared").create_user(UserName="u")
    with pytest.raises(SandboxError, match="is of the partition aws, cn-north-1 is of aws-cn"):
        sandbox.session("shared", region="cn-north-1")


@pytest.mark.parametrize(
    "damage",
    [
        lambda content: content[: len(content) // 2],
        lambda content: content[:-1],
        lambda content: content[:20],
        lambda _: b"",
        lambda _: b"\x80\x05\x95",
        lambda _: b"[]\n",
        lambda content: content + b"\x00",
    ],
)
def test_a_damaged_file_is_told_with_the_way_out(damage: Any) -> None:
    running = client("shared")
    running.create_user(UserName="u")
    path = file_of("shared")
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(SandboxError, match=r"'shared' is damaged .*`reconciler sandbox reset`"):
        sandbox.session("shared")
    assert sandbox.reset("shared") is True
    assert users(client("shared")) == users(running) == []


def rewritten(path: Path, account: object, **header: object) -> None:
    first, _, payload = path.read_bytes().partition(b"\n")
    if account is not None:
        payload = pickle.dumps(account)
        header["sha256"] = hashlib.sha256(payload).hexdigest()
    path.write_bytes(json.dumps({**json.loads(first), **header}).encode() + b"\n" + payload)


@pytest.mark.parametrize("header", [{"moto": "4.0.0"}, {"format": 99}])
def test_a_file_of_other_versions_is_told_with_the_way_out(header: dict[str, Any]) -> None:
    client("shared").create_user(UserName="u")
    rewritten(file_of("shared"), None, **header)
    with pytest.raises(SandboxError, match=r"was saved with format .* and moto .*; start it afresh"):
        sandbox.session("shared")


class Bomb:
    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, ("boom",)


def test_a_pickle_that_runs_code_is_not_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    client("shared").create_user(UserName="u")
    rewritten(file_of("shared"), Bomb())
    with pytest.raises(SandboxError, match="is damaged"):
        sandbox.session("shared")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("mode", [0o620, 0o602, 0o666])
def test_a_file_that_others_may_write_is_not_read(mode: int) -> None:
    client("shared").create_user(UserName="u")
    file_of("shared").chmod(mode)
    with pytest.raises(SandboxError, match="could have been written by another user and is not read"):
        sandbox.session("shared")


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can give files away")
def test_a_file_of_another_user_is_not_read() -> None:
    client("shared").create_user(UserName="u")
    os.chown(file_of("shared"), 12345, 12345)
    with pytest.raises(SandboxError, match="could have been written by another user and is not read"):
        sandbox.session("shared")


def test_a_state_directory_that_is_none_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "file"))
    with pytest.raises(SandboxError, match="cannot be used"):
        sandbox.session("shared")
    assert sandbox.reset("shared") is False


def test_what_is_no_file_is_told() -> None:
    file_of("shared").mkdir(parents=True)
    with pytest.raises(SandboxError, match="cannot be read"):
        sandbox.session("shared")
    with pytest.raises(SandboxError, match="cannot be removed"):
        sandbox.reset("shared")


def test_an_account_id_is_twelve_digits_for_reset_too() -> None:
    with pytest.raises(SandboxError, match="twelve digits"):
        sandbox.reset("shared", account="12345")


def test_a_write_that_cannot_be_saved_is_refused_and_undone(monkeypatch: pytest.MonkeyPatch) -> None:
    iam = client("shared")
    iam.create_user(UserName="u")

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fdopen", full)
        with pytest.raises(SandboxError, match="'shared' cannot be saved: No space left on device"):
            iam.create_user(UserName="v")
    assert users(iam) == users(client("shared")) == ["u"]
    assert {path.suffix for path in file_of("shared").parent.iterdir()} == {".sandbox", ".lock"}
    iam.create_user(UserName="v")
    assert users(client("shared")) == ["u", "v"]


def test_two_processes_that_write_at_once_lose_nothing() -> None:
    code = "for number in range(40): iam.create_user(UserName=f'{prefix}{number}')"
    here = client("shared")
    with started(f"prefix = 'a'\n{code}") as first, started(f"prefix = 'b'\n{code}") as second:
        for number in range(20):
            here.create_user(UserName=f"c{number}")
        assert (first.wait(60), second.wait(60)) == (0, 0)
    expected = {f"{prefix}{number}" for prefix in "ab" for number in range(40)} | {f"c{number}" for number in range(20)}
    assert set(users(here)) == set(users(client("shared"))) == expected


def test_a_killed_process_loses_nothing_that_was_answered() -> None:
    code = "for number in range(10000): iam.create_user(UserName=f'u{number}'); print(number, flush=True)"
    with started(code) as process:
        assert process.stdout is not None
        for _ in range(25):
            process.stdout.readline()
        process.kill()
        rest = process.stdout.read().split()
    answered = int(rest[-1]) + 1 if rest else 25
    assert set(users(client("shared"))) >= {f"u{number}" for number in range(answered)}


def test_a_process_that_keeps_the_lock_is_waited_for_and_then_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("reconciler.sandbox.store._PATIENCE", 0.2)
    client("shared").create_user(UserName="u")
    lock = repr(str(file_of("shared").with_suffix(".lock")))
    code = f"import filelock, time\nwith filelock.FileLock({lock}):\n    print('held', flush=True)\n    time.sleep(60)"
    with started(code) as holder:
        assert holder.stdout is not None
        holder.stdout.readline()
        begun = time.monotonic()
        try:
            with pytest.raises(SandboxError, match="another process keeps the sandbox 'shared' locked"):
                sandbox.session("shared")
            assert time.monotonic() - begun < 5
        finally:
            holder.kill()
    assert users(client("shared")) == ["u"]
