<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="zh_CN" sourcelanguage="en">
<context>
    <name>JobManners</name>
    <message>
        <source>{name} is ready</source>
        <translation>{name} 已就绪</translation>
    </message>
    <message>
        <source>You can talk to it now.</source>
        <translation>现在可以和它对话了。</translation>
    </message>
    <message>
        <source>{name} was not imported</source>
        <translation>{name} 未能导入</translation>
    </message>
</context>
</TS>
