<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="zh_CN" sourcelanguage="en">
<context>
    <name>FindingLine</name>
    <message>
        <source>All is well.</source>
        <translation>一切正常。</translation>
    </message>
</context>
<context>
    <name>SelfCheckView</name>
    <message>
        <source>Repair</source>
        <translation>修复</translation>
    </message>
    <message>
        <source>Check again</source>
        <translation>重新检查</translation>
    </message>
    <message>
        <source>Is everything here that importing and talking need?</source>
        <translation>检查导入和对话所需的一切是否就绪。</translation>
    </message>
    <message>
        <source>Self-check</source>
        <translation>自检</translation>
    </message>
    <message>
        <source>Back to the settings</source>
        <translation>返回设置</translation>
    </message>
    <message>
        <source>Copy for help</source>
        <translation>复制求助信息</translation>
    </message>
    <message>
        <source>Looking at everything …</source>
        <translation>正在检查…</translation>
    </message>
    <message>
        <source>Repairing …</source>
        <translation>正在修复…</translation>
    </message>
    <message>
        <source>Everything that is needed is here.</source>
        <translation>所需的一切都已就绪。</translation>
    </message>
    <message>
        <source>Not everything is in order.</source>
        <translation>有些地方需要处理。</translation>
    </message>
    <message>
        <source>Copied</source>
        <translation>已复制</translation>
    </message>
</context>
</TS>
