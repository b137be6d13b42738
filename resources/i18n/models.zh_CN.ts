<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="zh_CN" sourcelanguage="en">
<context>
    <name>DetailsDialog</name>
    <message>
        <source>Technical name</source>
        <translation>技术名称</translation>
    </message>
    <message>
        <source>Family</source>
        <translation>家族</translation>
    </message>
    <message>
        <source>Parameters</source>
        <translation>参数</translation>
    </message>
    <message>
        <source>Copy all</source>
        <translation>全部复制</translation>
    </message>
    <message>
        <source>Engine</source>
        <translation>引擎</translation>
    </message>
    <message>
        <source>Size of the network</source>
        <translation>参数规模</translation>
    </message>
    <message>
        <source>Size &amp; quality</source>
        <translation>体积与质量</translation>
    </message>
    <message>
        <source>On disk</source>
        <translation>磁盘占用</translation>
    </message>
    <message>
        <source>Conversation memory</source>
        <translation>对话记忆长度</translation>
    </message>
    <message>
        <source>Context length</source>
        <translation>上下文长度</translation>
    </message>
    <message>
        <source>{n} tokens</source>
        <translation>{n} 个词元</translation>
    </message>
    <message>
        <source>Can do</source>
        <translation>能力</translation>
    </message>
    <message>
        <source>Copy path</source>
        <translation>复制路径</translation>
    </message>
    <message>
        <source>Show in folder</source>
        <translation>在文件夹中显示</translation>
    </message>
    <message>
        <source>Copy</source>
        <translation>复制</translation>
    </message>
    <message>
        <source>Copy: {name}</source>
        <translation>复制：{name}</translation>
    </message>
    <message>
        <source>Name</source>
        <translation>名称</translation>
    </message>
    <message>
        <source>Value</source>
        <translation>值</translation>
    </message>
    <message>
        <source>Copied.</source>
        <translation>已复制。</translation>
    </message>
    <message>
        <source>Role and rules</source>
        <translation>角色设定</translation>
    </message>
    <message>
        <source>Chat template</source>
        <translation>对话模板</translation>
    </message>
    <message>
        <source>Licence</source>
        <translation>许可证</translation>
    </message>
    <message>
        <source>Metadata</source>
        <translation>元数据</translation>
    </message>
    <message>
        <source>Close</source>
        <translation>关闭</translation>
    </message>
</context>
<context>
    <name>EngineLine</name>
    <message>
        <source>The built-in engine</source>
        <translation>内置引擎</translation>
    </message>
    <message>
        <source>{engine} does not answer; its models are not shown.</source>
        <translation>{engine} 没有响应，其中的模型未显示。</translation>
    </message>
    <message>
        <source>Ollama is not running; its models are not shown.</source>
        <translation>Ollama 没有运行，其中的模型未显示。</translation>
    </message>
    <message>
        <source>Ollama is not on this computer. The built-in engine works without it.</source>
        <translation>这台电脑上没有 Ollama。没有它，内置引擎也能工作。</translation>
    </message>
    <message>
        <source>Ollama at {address} does not answer; its models are not shown.</source>
        <translation>{address} 上的 Ollama 没有响应，其中的模型未显示。</translation>
    </message>
    <message>
        <source>Starting Ollama …</source>
        <translation>正在启动 Ollama…</translation>
    </message>
</context>
<context>
    <name>FreeSpacePage</name>
    <message>
        <source>Back to the models</source>
        <translation>返回模型列表</translation>
    </message>
    <message>
        <source>Nothing goes before you choose it. Models and conversations are not touched.</source>
        <translation>未经你选择，不会删除任何东西。模型和对话不受影响。</translation>
    </message>
    <message>
        <source>Free up space</source>
        <translation>释放空间</translation>
    </message>
    <message>
        <source>All tidy</source>
        <translation>很整洁</translation>
    </message>
    <message>
        <source>There is nothing here that could go. Models take the room; remove one you no longer use.</source>
        <translation>这里没有可以清理的内容。占用空间的是模型，可以移除不再使用的模型。</translation>
    </message>
    <message>
        <source>Looking through the folders …</source>
        <translation>正在查看文件夹…</translation>
    </message>
    <message>
        <source>{free} are free on the drive of {folder}.</source>
        <translation>{folder} 所在磁盘剩余 {free}。</translation>
    </message>
    <message>
        <source>This folder belongs to another user of the computer: only Ollama itself can tidy it.</source>
        <translation>此文件夹属于这台电脑的另一位用户，只有 Ollama 自己能清理。</translation>
    </message>
    <message>
        <source>and {n} more</source>
        <translation>另有 {n} 项</translation>
    </message>
    <message>
        <source>Chosen: {size}</source>
        <translation>已选择：{size}</translation>
    </message>
    <message>
        <source>Nothing chosen</source>
        <translation>未选择任何内容</translation>
    </message>
    <message>
        <source>Remove what is chosen</source>
        <translation>删除所选内容</translation>
    </message>
    <message>
        <source>Some of it would have to be fetched or made again.</source>
        <translation>其中一部分以后需要重新下载或重新制作。</translation>
    </message>
    <message>
        <source>Remove {size} for good?</source>
        <translation>要永久删除 {size} 吗？</translation>
    </message>
    <message>
        <source>Remove</source>
        <translation>移除</translation>
    </message>
    <message>
        <source>Keep</source>
        <translation>保留</translation>
    </message>
    <message>
        <source>Removing …</source>
        <translation>正在删除…</translation>
    </message>
    <message>
        <source>{size} are free again.</source>
        <translation>已释放 {size}。</translation>
    </message>
</context>
<context>
    <name>ModelActions</name>
    <message>
        <source>Chat</source>
        <translation>聊天</translation>
    </message>
    <message>
        <source>Details</source>
        <translation>详情</translation>
    </message>
    <message>
        <source>Rename</source>
        <translation>重命名</translation>
    </message>
    <message>
        <source>Duplicate</source>
        <translation>复制一份</translation>
    </message>
    <message>
        <source>Move to Ollama</source>
        <translation>移到 Ollama</translation>
    </message>
    <message>
        <source>Move to the built-in engine</source>
        <translation>移到内置引擎</translation>
    </message>
    <message>
        <source>Make smaller</source>
        <translation>缩小体积</translation>
    </message>
    <message>
        <source>Publish</source>
        <translation>发布</translation>
    </message>
    <message>
        <source>Remove</source>
        <translation>移除</translation>
    </message>
    <message>
        <source>Rename {name}</source>
        <translation>重命名 {name}</translation>
    </message>
    <message>
        <source>Duplicate {name}</source>
        <translation>复制一份 {name}</translation>
    </message>
    <message>
        <source>{name} was unloaded.</source>
        <translation>{name} 已从内存卸载。</translation>
    </message>
    <message>
        <source>Remove {name} from {engine}?</source>
        <translation>要从 {engine} 中移除 {name} 吗？</translation>
    </message>
    <message>
        <source>This frees {size}. Conversations are kept. You can import it again.</source>
        <translation>将释放 {size}。对话会保留，以后可以重新导入。</translation>
    </message>
    <message>
        <source>Nothing becomes free: other models use the same weights. Conversations are kept.</source>
        <translation>不会释放空间：其他模型使用相同的权重。对话会保留。</translation>
    </message>
    <message>
        <source>Keep</source>
        <translation>保留</translation>
    </message>
    <message>
        <source>Removed.</source>
        <translation>已移除。</translation>
    </message>
    <message>
        <source>Removed. {size} are free again.</source>
        <translation>已移除，释放了 {size}。</translation>
    </message>
</context>
<context>
    <name>ModelListPage</name>
    <message>
        <source>Search</source>
        <translation>搜索</translation>
    </message>
    <message>
        <source>Search models</source>
        <translation>搜索模型</translation>
    </message>
    <message>
        <source>Sort by</source>
        <translation>排序方式</translation>
    </message>
    <message>
        <source>By name</source>
        <translation>按名称</translation>
    </message>
    <message>
        <source>Newest first</source>
        <translation>最新在前</translation>
    </message>
    <message>
        <source>Largest first</source>
        <translation>最大在前</translation>
    </message>
    <message>
        <source>Smallest first</source>
        <translation>最小在前</translation>
    </message>
    <message>
        <source>Nothing found.</source>
        <translation>没有找到。</translation>
    </message>
    <message>
        <source>Free up space</source>
        <translation>释放空间</translation>
    </message>
    <message>
        <source>Import a model</source>
        <translation>导入模型</translation>
    </message>
    <message>
        <source>Ollama library</source>
        <translation>Ollama 模型库</translation>
    </message>
    <message>
        <source>Models</source>
        <translation>模型</translation>
    </message>
    <message>
        <source>Everything that can answer on this computer.</source>
        <translation>这台电脑上所有能回答的模型。</translation>
    </message>
    <message>
        <source>No model yet</source>
        <translation>还没有模型</translation>
    </message>
    <message>
        <source>Bring one home: a file, a folder or a Hugging Face link. It stays on this computer.</source>
        <translation>带一个回家：文件、文件夹或 Hugging Face 链接都可以。它只留在这台电脑上。</translation>
    </message>
    <message>
        <source>Asking the engines …</source>
        <translation>正在询问各个引擎…</translation>
    </message>
    <message>
        <source>{name} is here.</source>
        <translation>{name} 已获取。</translation>
    </message>
    <message>
        <source>1 model</source>
        <translation>1 个模型</translation>
    </message>
    <message>
        <source>{n} models</source>
        <translation>{n} 个模型</translation>
    </message>
    <message>
        <source>Ollama at {address}</source>
        <translation>{address} 上的 Ollama</translation>
    </message>
    <message>
        <source>Unload</source>
        <translation>从内存卸载</translation>
    </message>
</context>
<context>
    <name>ModelListView</name>
    <message>
        <source>Models</source>
        <translation>模型</translation>
    </message>
</context>
<context>
    <name>ModelPanel</name>
    <message>
        <source>In the cloud</source>
        <translation>云端</translation>
    </message>
    <message>
        <source>about {size}</source>
        <translation>约 {size}</translation>
    </message>
    <message>
        <source>Memory needed</source>
        <translation>所需内存</translation>
    </message>
    <message>
        <source>On disk</source>
        <translation>磁盘占用</translation>
    </message>
    <message>
        <source>Quality</source>
        <translation>质量</translation>
    </message>
    <message>
        <source>Parameters</source>
        <translation>参数量</translation>
    </message>
    <message>
        <source>Remembers</source>
        <translation>记忆长度</translation>
    </message>
    <message>
        <source>Can do</source>
        <translation>能力</translation>
    </message>
    <message>
        <source>Memory: {weights} model + {conversation} conversation + {rest} program</source>
        <translation>内存：模型 {weights} + 对话 {conversation} + 程序 {rest}</translation>
    </message>
    <message>
        <source>In memory now: {size}</source>
        <translation>当前占用内存：{size}</translation>
    </message>
    <message>
        <source>Unload</source>
        <translation>从内存卸载</translation>
    </message>
    <message>
        <source>Unload {name}</source>
        <translation>从内存卸载 {name}</translation>
    </message>
    <message>
        <source>In memory now</source>
        <translation>已在内存中</translation>
    </message>
    <message>
        <source>{action}: {name}</source>
        <translation>{action}：{name}</translation>
    </message>
</context>
<context>
    <name>Models</name>
    <message>
        <source>Built-in</source>
        <translation>内置</translation>
    </message>
    <message>
        <source>the built-in engine</source>
        <translation>内置引擎</translation>
    </message>
    <message>
        <source>In memory</source>
        <translation>已载入内存</translation>
    </message>
    <message>
        <source>There is none yet</source>
        <translation>还没有</translation>
    </message>
</context>
<context>
    <name>ModelsView</name>
    <message>
        <source>A model is still being fetched from the Ollama library.</source>
        <translation>仍在从 Ollama 模型库获取模型。</translation>
    </message>
    <message>
        <source>What came so far stays; getting the same name again goes on there.</source>
        <translation>已下载的部分会保留；再次获取同名模型时会接着下载。</translation>
    </message>
    <message>
        <source>A model is still being published.</source>
        <translation>仍在发布模型。</translation>
    </message>
    <message>
        <source>What was uploaded stays there and is not sent again when you publish it once more.</source>
        <translation>已上传的内容会保留；再次发布时不会重复上传。</translation>
    </message>
</context>
<context>
    <name>MoveDialog</name>
    <message>
        <source>Put {name} into {engine}</source>
        <translation>将 {name} 放入 {engine}</translation>
    </message>
    <message>
        <source>Start</source>
        <translation>开始</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation>取消</translation>
    </message>
    <message>
        <source>Looking at it …</source>
        <translation>正在查看…</translation>
    </message>
    <message>
        <source>The model is copied, with its role and settings, and tested. Afterwards you can remove the old one.</source>
        <translation>模型将连同角色设定和参数一起复制，并进行测试。之后可以移除旧的那份。</translation>
    </message>
    <message>
        <source>Its name there</source>
        <translation>在那里的名称</translation>
    </message>
    <message>
        <source>Size on disk</source>
        <translation>磁盘占用</translation>
    </message>
    <message>
        <source>Free in {folder}</source>
        <translation>{folder} 剩余空间</translation>
    </message>
    <message>
        <source>{now} now, {after} afterwards</source>
        <translation>现在 {now}，之后 {after}</translation>
    </message>
    <message>
        <source>Starting Ollama …</source>
        <translation>正在启动 Ollama…</translation>
    </message>
    <message>
        <source>{name} to {engine}</source>
        <translation>{name} → {engine}</translation>
    </message>
</context>
<context>
    <name>MoveOffer</name>
    <message>
        <source>{name} is now in {new} too. The one in {old} can go: {size} on the disk.</source>
        <translation>{name} 现在也在 {new} 中了。{old} 中的那份可以移除（{size}）。</translation>
    </message>
    <message>
        <source>Remove it from {engine}</source>
        <translation>从 {engine} 移除</translation>
    </message>
    <message>
        <source>Keep both</source>
        <translation>都保留</translation>
    </message>
</context>
<context>
    <name>NameDialog</name>
    <message>
        <source>Name</source>
        <translation>名称</translation>
    </message>
    <message>
        <source>Technical name</source>
        <translation>技术名称</translation>
    </message>
    <message>
        <source>Letters, digits, dots, - and _; a colon before a tag, as in qwen3:8b.</source>
        <translation>可用字母、数字、点、- 和 _；标签前用冒号，例如 qwen3:8b。</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation>取消</translation>
    </message>
</context>
<context>
    <name>PullCard</name>
    <message>
        <source>Close</source>
        <translation>关闭</translation>
    </message>
    <message>
        <source>From the Ollama library</source>
        <translation>从 Ollama 模型库获取</translation>
    </message>
    <message>
        <source>For example qwen3:8b or gemma3</source>
        <translation>例如 qwen3:8b 或 gemma3</translation>
    </message>
    <message>
        <source>Name in the Ollama library</source>
        <translation>Ollama 模型库中的名称</translation>
    </message>
    <message>
        <source>Get</source>
        <translation>获取</translation>
    </message>
    <message>
        <source>Look around there</source>
        <translation>浏览模型库</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation>取消</translation>
    </message>
    <message>
        <source>Stopped. What came so far is kept; getting the same name goes on there.</source>
        <translation>已停止。已下载的部分会保留，再次获取同名模型时会继续。</translation>
    </message>
</context>
<context>
    <name>RowPainter</name>
    <message>
        <source>In memory</source>
        <translation>已载入内存</translation>
    </message>
    <message>
        <source>In the cloud</source>
        <translation>云端</translation>
    </message>
</context>
</TS>
