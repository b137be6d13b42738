<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="zh_CN" sourcelanguage="en">
<context>
    <name>Banner</name>
    <message>
        <source>Close</source>
        <translation>关闭</translation>
    </message>
</context>
<context>
    <name>BusyView</name>
    <message>
        <source>Working</source>
        <translation>进行中</translation>
    </message>
</context>
<context>
    <name>CrashDialog</name>
    <message>
        <source>Report of the crash</source>
        <translation>崩溃报告</translation>
    </message>
    <message>
        <source>Report</source>
        <translation>报告</translation>
    </message>
    <message>
        <source>Modelyard sends nothing by itself. If you ask somebody for help, copy this and give it to them; keys, passwords and the name of your home folder were taken out.</source>
        <translation>Modelyard 不会自行发送任何内容。需要求助时，请复制这份报告交给对方；其中的密钥、密码和个人文件夹名称已去除。</translation>
    </message>
    <message>
        <source>Copy for help</source>
        <translation>复制求助信息</translation>
    </message>
    <message>
        <source>Close</source>
        <translation>关闭</translation>
    </message>
    <message>
        <source>Modelyard ended unexpectedly the last time</source>
        <translation>Modelyard 上次意外退出</translation>
    </message>
    <message>
        <source>Copied</source>
        <translation>已复制</translation>
    </message>
</context>
<context>
    <name>DropOverlay</name>
    <message>
        <source>Drop to import</source>
        <translation>松开即可导入</translation>
    </message>
    <message>
        <source>A model file, a model folder or a Hugging Face link</source>
        <translation>模型文件、模型文件夹或 Hugging Face 链接</translation>
    </message>
</context>
<context>
    <name>MainWindow</name>
    <message>
        <source>The import of {name} was interrupted. What is done is kept.</source>
        <translation>{name} 的导入被中断，已完成的部分都还在。</translation>
    </message>
    <message>
        <source>Go on</source>
        <translation>继续</translation>
    </message>
    <message>
        <source>{n} imports were interrupted. What is done is kept.</source>
        <translation>有 {n} 个导入被中断，已完成的部分都还在。</translation>
    </message>
    <message>
        <source>Show</source>
        <translation>查看</translation>
    </message>
    <message>
        <source>Modelyard ended unexpectedly the last time. Nothing of yours is lost.</source>
        <translation>Modelyard 上次意外退出，你的数据没有丢失。</translation>
    </message>
    <message>
        <source>Show the report</source>
        <translation>查看报告</translation>
    </message>
    <message>
        <source>Modelyard {version} is available.</source>
        <translation>Modelyard {version} 已发布。</translation>
    </message>
    <message>
        <source>Open the page</source>
        <translation>打开页面</translation>
    </message>
    <message>
        <source>An import is still running.</source>
        <translation>有一个导入仍在进行。</translation>
    </message>
    <message>
        <source>If you close Modelyard now, it stops and goes on the next time you start it.</source>
        <translation>现在关闭 Modelyard，它会停下，下次启动时可以继续。</translation>
    </message>
    <message>
        <source>The language changes at the next start: something is still being sent or fetched.</source>
        <translation>还有内容正在上传或下载，语言将在下次启动时切换。</translation>
    </message>
    <message>
        <source>Close and go on later</source>
        <translation>关闭，稍后继续</translation>
    </message>
    <message>
        <source>Keep working</source>
        <translation>继续运行</translation>
    </message>
</context>
<context>
    <name>Rail</name>
    <message>
        <source>Chat</source>
        <translation>聊天</translation>
    </message>
    <message>
        <source>Models</source>
        <translation>模型</translation>
    </message>
    <message>
        <source>Personas</source>
        <translation>角色</translation>
    </message>
    <message>
        <source>Imports</source>
        <translation>导入</translation>
    </message>
    <message>
        <source>Settings</source>
        <translation>设置</translation>
    </message>
</context>
</TS>
