<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="zh_CN" sourcelanguage="en">
<context>
    <name>PublishForm</name>
    <message>
        <source>Account</source>
        <translation>账号</translation>
    </message>
    <message>
        <source>Repository name</source>
        <translation>仓库名称</translation>
    </message>
    <message>
        <source>Private: only you see it</source>
        <translation>私有：只有你能看到</translation>
    </message>
    <message>
        <source>Repository</source>
        <translation>仓库</translation>
    </message>
    <message>
        <source>Your access key belongs to {account} and may write.</source>
        <translation>你的访问令牌属于 {account}，具有写入权限。</translation>
    </message>
    <message>
        <source>Where it goes</source>
        <translation>发布到哪里</translation>
    </message>
    <message>
        <source>A repository of that name which is already yours is completed; its visibility stays.</source>
        <translation>如果你已有同名仓库，会在其中补充文件，其可见性不变。</translation>
    </message>
    <message>
        <source>What is uploaded</source>
        <translation>上传的内容</translation>
    </message>
    <message>
        <source>Together</source>
        <translation>合计</translation>
    </message>
    <message>
        <source>With it go a Modelfile, the role, the settings and the chat template, so that it answers the same everywhere, and a model card (README.md) with base model, licence and how to run it.</source>
        <translation>同时上传 Modelfile、角色设定、参数和对话模板，让它在任何地方都以同样的方式回答；还有说明基础模型、许可证和运行方法的模型卡（README.md）。</translation>
    </message>
    <message>
        <source>Use letters, digits, dots, - and _, at most 96.</source>
        <translation>请使用字母、数字、点、- 和 _，最多 96 个字符。</translation>
    </message>
</context>
<context>
    <name>PublishPage</name>
    <message>
        <source>Publish</source>
        <translation>发布</translation>
    </message>
    <message>
        <source>Share a model on Hugging Face, so that others can run it with one command.</source>
        <translation>在 Hugging Face 上分享模型，别人只需一条命令就能运行。</translation>
    </message>
    <message>
        <source>Back to the models</source>
        <translation>返回模型列表</translation>
    </message>
    <message>
        <source>Looking at the model and your access key …</source>
        <translation>正在查看模型和你的访问令牌…</translation>
    </message>
    <message>
        <source>Look again</source>
        <translation>重新检查</translation>
    </message>
    <message>
        <source>{name} goes to {repository}</source>
        <translation>正在将 {name} 上传到 {repository}</translation>
    </message>
    <message>
        <source>You may leave this page; it goes on. If it is stopped, the next time it goes on where it was.</source>
        <translation>你可以离开此页面，上传会继续。中断后下次会从中断处继续。</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation>取消</translation>
    </message>
    <message>
        <source>Stopped</source>
        <translation>已停止</translation>
    </message>
    <message>
        <source>What was uploaded stays there and is not sent again.</source>
        <translation>已上传的内容会保留，不会重复上传。</translation>
    </message>
    <message>
        <source>Go on</source>
        <translation>继续</translation>
    </message>
    <message>
        <source>Change where it goes</source>
        <translation>更改发布位置</translation>
    </message>
    <message>
        <source>Published</source>
        <translation>已发布</translation>
    </message>
    <message>
        <source>Open the page</source>
        <translation>打开页面</translation>
    </message>
    <message>
        <source>Copy the link</source>
        <translation>复制链接</translation>
    </message>
    <message>
        <source>Others run it with Ollama like this:</source>
        <translation>别人可以这样用 Ollama 运行它：</translation>
    </message>
    <message>
        <source>Copy</source>
        <translation>复制</translation>
    </message>
    <message>
        <source>The model is published.</source>
        <translation>模型已发布。</translation>
    </message>
    <message>
        <source>Copied.</source>
        <translation>已复制。</translation>
    </message>
</context>
</TS>
