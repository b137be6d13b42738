<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="zh_CN" sourcelanguage="en">
<context>
    <name>SourceChoice</name>
    <message>
        <source>Find the quickest</source>
        <translation>自动选择最快的来源</translation>
    </message>
</context>
<context>
    <name>WelcomeView</name>
    <message>
        <source>Welcome to {name}</source>
        <translation>欢迎使用 {name}</translation>
    </message>
    <message>
        <source>Bring a language model home and talk to it. Everything stays on this computer.</source>
        <translation>带一个语言模型回家，和它聊天。一切都只留在这台电脑上。</translation>
    </message>
    <message>
        <source>Language</source>
        <translation>语言</translation>
    </message>
    <message>
        <source>As the system</source>
        <translation>跟随系统</translation>
    </message>
    <message>
        <source>Looking for engines …</source>
        <translation>正在查找引擎…</translation>
    </message>
    <message>
        <source>Import a model</source>
        <translation>导入模型</translation>
    </message>
    <message>
        <source>Try a small sample model (about 0.1 GB)</source>
        <translation>试试小型示例模型（约 0.1 GB）</translation>
    </message>
    <message>
        <source>Look around first</source>
        <translation>先随便看看</translation>
    </message>
    <message>
        <source>The built-in engine is ready. Nothing else needs to be installed.</source>
        <translation>内置引擎已就绪，无需另外安装任何东西。</translation>
    </message>
    <message>
        <source>The built-in engine cannot start: {detail}</source>
        <translation>内置引擎无法启动：{detail}</translation>
    </message>
    <message>
        <source>Ollama {version} is running.</source>
        <translation>Ollama {version} 正在运行。</translation>
    </message>
    <message>
        <source>Ollama is installed but not running. It can be started when needed.</source>
        <translation>Ollama 已安装但未运行，需要时可以启动。</translation>
    </message>
    <message>
        <source>Ollama does not answer at {address}.</source>
        <translation>Ollama 在 {address} 没有响应。</translation>
    </message>
    <message>
        <source>Ollama is not installed. That is fine: it is not needed.</source>
        <translation>未安装 Ollama。没关系，不需要它。</translation>
    </message>
</context>
</TS>
