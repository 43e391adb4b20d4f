"""A Japanese partner library says that the token is invalid."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """A message in Japanese, wrapped once."""
    import logging

    from lab.authoring import task

    log = logging.getLogger("partner.jp")

    class 連携エラー(Exception):  # noqa: N801
        pass

    @task
    def fetch_shipments_jp() -> None:
        log.info("出荷データ取得を開始します (リトライ: 0, エラー: 0)")
        try:
            raise PermissionError("認証に失敗しました: アクセストークンの有効期限が切れています")
        except PermissionError as error:
            raise 連携エラー("連携処理を中断しました") from error

    fetch_shipments_jp()


FAULT = Fault(
    name="japanese_token",
    family="authentication",
    dag_id="shipments_jp",
    cause="expired token, in Japanese",
    states="アクセストークンの有効期限が切れています",
    build=build,
    twin=True,
)
