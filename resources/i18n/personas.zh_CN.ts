<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="zh_CN" sourcelanguage="en">
<context>
    <name>PersonasView</name>
    <message>
        <source>Import a model</source>
        <translation>导入模型</translation>
    </message>
    <message>
        <source>Personas</source>
        <translation>角色</translation>
    </message>
    <message>
        <source>Who a model is and how it answers. Choose one when you import a model.</source>
        <translation>模型是谁、如何回答。导入模型时可以选择。</translation>
    </message>
    <message>
        <source>No personas yet</source>
        <translation>还没有角色</translation>
    </message>
    <message>
        <source>A persona gives a model a name, a role and rules.</source>
        <translation>角色给模型一个名字、一个身份和一些规则。</translation>
    </message>
    <message>
        <source>Role and rules</source>
        <translation>角色设定</translation>
    </message>
</context>
</TS>
