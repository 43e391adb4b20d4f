"""A Chinese script says that the disk is full."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """dd fails on the full disk; the script's own messages are Chinese."""
    from lab.authoring import BashOperator

    BashOperator(
        task_id="backup_table",
        bash_command="echo '开始备份数据表'; "
        "dd if=/dev/zero of=$SCRATCH_DIR/backup.$$ bs=4k count=400 2>/dev/null || "
        "{ rm -f $SCRATCH_DIR/backup.$$; echo '备份失败：磁盘空间不足，无法写入文件'; "
        'for n in $(seq 1 30); do echo "清理临时文件 $n/30"; done; exit 1; }',
    )


FAULT = Fault(
    name="chinese_script",
    family="disk_full",
    dag_id="backup_cn",
    cause="disk full, in Chinese",
    states="磁盘空间不足",
    transience="unknown",
    build=build,
    needs=("mounts",),
    twin=True,
)
