<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="zh_CN" sourcelanguage="en">
<context>
    <name>AboutCard</name>
    <message>
        <source>{name} {version}</source>
        <translation>{name} {version}</translation>
    </message>
    <message>
        <source>Brings any language model home and lets you talk to it. Free software under the Apache License 2.0.</source>
        <translation>带任何语言模型回家，与它对话。自由软件，采用 Apache License 2.0 许可。</translation>
    </message>
    <message>
        <source>Licences</source>
        <translation>许可证</translation>
    </message>
    <message>
        <source>About Qt</source>
        <translation>关于 Qt</translation>
    </message>
</context>
<context>
    <name>AccountCard</name>
    <message>
        <source>Looking for an access key …</source>
        <translation>正在查找访问令牌…</translation>
    </message>
    <message>
        <source>Forget it</source>
        <translation>删除令牌</translation>
    </message>
    <message>
        <source>Access key</source>
        <translation>访问令牌</translation>
    </message>
    <message>
        <source>Keep it</source>
        <translation>保存</translation>
    </message>
    <message>
        <source>For this session only; keep it nowhere</source>
        <translation>仅本次使用，不保存到任何地方</translation>
    </message>
    <message>
        <source>Test the key</source>
        <translation>测试令牌</translation>
    </message>
    <message>
        <source>Make a key at Hugging Face</source>
        <translation>到 Hugging Face 创建令牌</translation>
    </message>
    <message>
        <source>A key is only needed for models whose authors ask for it, and for publishing. It goes to the server it belongs to and nowhere else.</source>
        <translation>只有作者要求授权的模型和发布模型时才需要令牌。它只会发送给所属的服务器，不会发往别处。</translation>
    </message>
    <message>
        <source>An access key for {host} is kept in the system&apos;s keyring.</source>
        <translation>{host} 的访问令牌保存在系统钥匙串中。</translation>
    </message>
    <message>
        <source>An access key for {host} is held until Modelyard closes.</source>
        <translation>{host} 的访问令牌将保留到 Modelyard 关闭为止。</translation>
    </message>
    <message>
        <source>HF_TOKEN gives an access key for {host}. A key kept here goes before it.</source>
        <translation>环境变量 HF_TOKEN 提供了 {host} 的访问令牌；在此保存的令牌优先使用。</translation>
    </message>
    <message>
        <source>There is no access key for {host}.</source>
        <translation>还没有 {host} 的访问令牌。</translation>
    </message>
    <message>
        <source>may read</source>
        <translation>可以读取</translation>
    </message>
    <message>
        <source>may read and publish</source>
        <translation>可以读取和发布</translation>
    </message>
    <message>
        <source>has chosen rights</source>
        <translation>具有自选权限</translation>
    </message>
    <message>
        <source>{name}: this key {rights}.</source>
        <translation>{name}：此令牌{rights}。</translation>
    </message>
    <message>
        <source>It does not open models whose authors ask for terms to be accepted.</source>
        <translation>它不能打开需要先同意作者条款的模型。</translation>
    </message>
    <message>
        <source>It may publish to {names}.</source>
        <translation>可以发布到 {names}。</translation>
    </message>
</context>
<context>
    <name>AddressLine</name>
    <message>
        <source>Test</source>
        <translation>测试</translation>
    </message>
    <message>
        <source>Ollama {version} answers.</source>
        <translation>Ollama {version} 有应答。</translation>
    </message>
    <message>
        <source>Test {address}</source>
        <translation>测试 {address}</translation>
    </message>
    <message>
        <source>Remove {address}</source>
        <translation>移除 {address}</translation>
    </message>
</context>
<context>
    <name>AddressesCard</name>
    <message>
        <source>Address of another Ollama</source>
        <translation>其他 Ollama 的地址</translation>
    </message>
    <message>
        <source>Add</source>
        <translation>添加</translation>
    </message>
    <message>
        <source>Only add servers that you trust: your conversations are sent there.</source>
        <translation>请只添加你信任的服务器：对话内容会发送到那里。</translation>
    </message>
    <message>
        <source>This computer</source>
        <translation>这台电脑</translation>
    </message>
</context>
<context>
    <name>FolderField</name>
    <message>
        <source>The usual place</source>
        <translation>默认位置</translation>
    </message>
    <message>
        <source>Choose</source>
        <translation>选择</translation>
    </message>
    <message>
        <source>Choose a folder</source>
        <translation>选择文件夹</translation>
    </message>
</context>
<context>
    <name>LicencesDialog</name>
    <message>
        <source>Licences of everything that ships</source>
        <translation>所含软件的许可证</translation>
    </message>
    <message>
        <source>Libraries</source>
        <translation>软件库</translation>
    </message>
    <message>
        <source>Text of the licence</source>
        <translation>许可证全文</translation>
    </message>
    <message>
        <source>Close</source>
        <translation>关闭</translation>
    </message>
</context>
<context>
    <name>OllamaCard</name>
    <message>
        <source>Looking for Ollama …</source>
        <translation>正在查找 Ollama…</translation>
    </message>
    <message>
        <source>Stop waiting</source>
        <translation>不再等待</translation>
    </message>
    <message>
        <source>Look again</source>
        <translation>重新检测</translation>
    </message>
    <message>
        <source>Ollama {version} is running at {address}.</source>
        <translation>Ollama {version} 正在运行，地址 {address}。</translation>
    </message>
    <message>
        <source>Ollama is installed but not running.</source>
        <translation>已安装 Ollama，但没有运行。</translation>
    </message>
    <message>
        <source>Nothing that is Ollama answers at {address}.</source>
        <translation>{address} 没有 Ollama 应答。</translation>
    </message>
    <message>
        <source>Ollama is not on this computer. The built-in engine works without it.</source>
        <translation>这台电脑上没有 Ollama，内置引擎可以独立工作。</translation>
    </message>
    <message>
        <source>Starting Ollama …</source>
        <translation>正在启动 Ollama…</translation>
    </message>
</context>
<context>
    <name>PrivacyCard</name>
    <message>
        <source>No account, no telemetry. Nothing goes over the network that you did not start.</source>
        <translation>无需账号，没有遥测。不经你发起，不会联网。</translation>
    </message>
    <message>
        <source>Models</source>
        <translation>模型</translation>
    </message>
    <message>
        <source>Conversations</source>
        <translation>对话列表</translation>
    </message>
    <message>
        <source>Personas</source>
        <translation>角色</translation>
    </message>
    <message>
        <source>Settings</source>
        <translation>设置</translation>
    </message>
    <message>
        <source>Logs</source>
        <translation>日志</translation>
    </message>
    <message>
        <source>{folder} (secrets are taken out)</source>
        <translation>{folder}（已去除敏感信息）</translation>
    </message>
    <message>
        <source>Access key</source>
        <translation>访问令牌</translation>
    </message>
    <message>
        <source>in the system&apos;s keyring, never in a file</source>
        <translation>保存在系统钥匙串中，从不写入文件</translation>
    </message>
    <message>
        <source>Open the folder</source>
        <translation>打开文件夹</translation>
    </message>
</context>
<context>
    <name>SettingsView</name>
    <message>
        <source>Changes take effect at once.</source>
        <translation>更改立即生效。</translation>
    </message>
    <message>
        <source>Self-check</source>
        <translation>自检</translation>
    </message>
    <message>
        <source>Settings</source>
        <translation>设置</translation>
    </message>
    <message>
        <source>Sections of the settings</source>
        <translation>设置分类</translation>
    </message>
    <message>
        <source>General</source>
        <translation>常规</translation>
    </message>
    <message>
        <source>Engines</source>
        <translation>引擎</translation>
    </message>
    <message>
        <source>Hugging Face</source>
        <translation>Hugging Face</translation>
    </message>
    <message>
        <source>Access key</source>
        <translation>访问令牌</translation>
    </message>
    <message>
        <source>The password of the proxy is kept in the system&apos;s keyring.</source>
        <translation>代理密码已存入系统钥匙串。</translation>
    </message>
    <message>
        <source>There is no safe keyring: the password of the proxy is held until Modelyard closes.</source>
        <translation>没有可用的安全钥匙串：代理密码只保留到 Modelyard 关闭。</translation>
    </message>
    <message>
        <source>Downloads</source>
        <translation>下载</translation>
    </message>
    <message>
        <source>Storage and privacy</source>
        <translation>存储与隐私</translation>
    </message>
    <message>
        <source>What is kept where</source>
        <translation>数据存放位置</translation>
    </message>
    <message>
        <source>About</source>
        <translation>关于</translation>
    </message>
</context>
<context>
    <name>SourceCard</name>
    <message>
        <source>{host} answers after {wait} s.</source>
        <translation>{host} 在 {wait} 秒后应答。</translation>
    </message>
    <message>
        <source>{host} answers after {wait} s; about {speed} a second.</source>
        <translation>{host} 在 {wait} 秒后应答，速度约每秒 {speed}。</translation>
    </message>
</context>
<context>
    <name>Trial</name>
    <message>
        <source>Trying …</source>
        <translation>正在测试…</translation>
    </message>
</context>
</TS>
