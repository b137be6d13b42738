<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="zh_CN" sourcelanguage="en">
<context>
    <name>BaseChoice</name>
    <message>
        <source>Hugging Face name or path</source>
        <translation>Hugging Face 名称或路径</translation>
    </message>
    <message>
        <source>Base model</source>
        <translation>基础模型</translation>
    </message>
    <message>
        <source>Use it</source>
        <translation>使用</translation>
    </message>
    <message>
        <source>Installed model …</source>
        <translation>已安装的模型…</translation>
    </message>
    <message>
        <source>Model folder …</source>
        <translation>模型文件夹…</translation>
    </message>
    <message>
        <source>GGUF file …</source>
        <translation>GGUF 文件…</translation>
    </message>
    <message>
        <source>An add-on only works with the model it was trained on. Choose that one, in whatever form it is.</source>
        <translation>微调附加包只适用于训练它时所用的模型。请选择那个模型，什么格式都可以。</translation>
    </message>
    <message>
        <source>Take the base model from elsewhere</source>
        <translation>从别处选择基础模型</translation>
    </message>
    <message>
        <source>Where is the base model?</source>
        <translation>基础模型在哪里？</translation>
    </message>
    <message>
        <source>Choose the base model</source>
        <translation>选择基础模型</translation>
    </message>
    <message>
        <source>Models (*.gguf)</source>
        <translation>模型 (*.gguf)</translation>
    </message>
</context>
<context>
    <name>CheckPage</name>
    <message>
        <source>Import anyway</source>
        <translation>仍然导入</translation>
    </message>
    <message>
        <source>Looking at it …</source>
        <translation>正在查看…</translation>
    </message>
    <message>
        <source>Starting Ollama …</source>
        <translation>正在启动 Ollama…</translation>
    </message>
    <message>
        <source>Check again</source>
        <translation>重新检查</translation>
    </message>
    <message>
        <source>Look at {name}</source>
        <translation>查看 {name}</translation>
    </message>
    <message>
        <source>Size &amp; quality</source>
        <translation>体积与质量</translation>
    </message>
    <message>
        <source>On this computer</source>
        <translation>在这台电脑上</translation>
    </message>
    <message>
        <source>Save the model as</source>
        <translation>模型另存为</translation>
    </message>
    <message>
        <source>Models (*.gguf)</source>
        <translation>模型 (*.gguf)</translation>
    </message>
</context>
<context>
    <name>Destination</name>
    <message>
        <source>Built-in engine</source>
        <translation>内置引擎</translation>
    </message>
    <message>
        <source>Ollama</source>
        <translation>Ollama</translation>
    </message>
    <message>
        <source>{engine} {version}</source>
        <translation>{engine} {version}</translation>
    </message>
    <message>
        <source>Only save the file</source>
        <translation>只保存文件</translation>
    </message>
    <message>
        <source>Where it goes</source>
        <translation>放到哪里</translation>
    </message>
    <message>
        <source>{folder}: {free} free now, {after} free afterwards</source>
        <translation>{folder}：现在可用 {free}，完成后可用 {after}</translation>
    </message>
    <message>
        <source> ({least} at the fullest moment)</source>
        <translation>（最满时可用 {least}）</translation>
    </message>
</context>
<context>
    <name>DonePage</name>
    <message>
        <source>{name} is home</source>
        <translation>{name} 到家了</translation>
    </message>
    <message>
        <source>The first words it said</source>
        <translation>它说的第一句话</translation>
    </message>
    <message>
        <source>Chat now</source>
        <translation>开始聊天</translation>
    </message>
    <message>
        <source>Make a persona</source>
        <translation>制作角色</translation>
    </message>
    <message>
        <source>Publish</source>
        <translation>发布</translation>
    </message>
    <message>
        <source>Show in Models</source>
        <translation>在“模型”中查看</translation>
    </message>
    <message>
        <source>Import another</source>
        <translation>再导入一个</translation>
    </message>
</context>
<context>
    <name>ImportWizard</name>
    <message>
        <source>Back</source>
        <translation>上一步</translation>
    </message>
    <message>
        <source>Next</source>
        <translation>下一步</translation>
    </message>
    <message>
        <source>Close</source>
        <translation>关闭</translation>
    </message>
    <message>
        <source>Step {n} of {count}</source>
        <translation>第 {n} 步，共 {count} 步</translation>
    </message>
</context>
<context>
    <name>ImportanceChoice</name>
    <message>
        <source>It says which weights matter most, and makes very small sizes (IQ1 to IQ3) possible. It must be of this model: an “imatrix” file made by llama.cpp, often found beside GGUF files.</source>
        <translation>它记录哪些权重更重要，有了它才能做出非常小的体积（IQ1 到 IQ3）。它必须属于这个模型：由 llama.cpp 生成的“imatrix”文件，常与 GGUF 文件放在一起。</translation>
    </message>
    <message>
        <source>Choose the file …</source>
        <translation>选择文件…</translation>
    </message>
    <message>
        <source>Go without</source>
        <translation>不使用</translation>
    </message>
    <message>
        <source>Importance matrix</source>
        <translation>重要性矩阵</translation>
    </message>
    <message>
        <source>Importance matrices (*.gguf *.dat *.imatrix)</source>
        <translation>重要性矩阵 (*.gguf *.dat *.imatrix)</translation>
    </message>
    <message>
        <source>Choose the importance matrix</source>
        <translation>选择重要性矩阵</translation>
    </message>
</context>
<context>
    <name>ImportsView</name>
    <message>
        <source>Import a model</source>
        <translation>导入模型</translation>
    </message>
    <message>
        <source>Imports</source>
        <translation>导入</translation>
    </message>
    <message>
        <source>What came home, and what is on its way.</source>
        <translation>已经到家的，和正在路上的。</translation>
    </message>
    <message>
        <source>Nothing imported yet</source>
        <translation>还没有导入过模型</translation>
    </message>
    <message>
        <source>Drop a model file anywhere on this window, or choose one. Every import appears here; if it is interrupted, it can go on.</source>
        <translation>把模型文件拖到窗口任意位置，或选择一个文件。每次导入都会显示在这里，中断后可以继续。</translation>
    </message>
</context>
<context>
    <name>JobCard</name>
    <message>
        <source>Remove {name} from this list</source>
        <translation>从列表中移除 {name}</translation>
    </message>
    <message>
        <source>Modelyard or the computer stopped in the middle. What is done is kept.</source>
        <translation>Modelyard 或电脑在中途停止了，已完成的部分都还在。</translation>
    </message>
    <message>
        <source>Waiting</source>
        <translation>等待中</translation>
    </message>
    <message>
        <source>Working</source>
        <translation>进行中</translation>
    </message>
    <message>
        <source>Paused</source>
        <translation>已暂停</translation>
    </message>
    <message>
        <source>Interrupted</source>
        <translation>已中断</translation>
    </message>
    <message>
        <source>Failed</source>
        <translation>失败</translation>
    </message>
    <message>
        <source>Cancelled</source>
        <translation>已取消</translation>
    </message>
    <message>
        <source>Done</source>
        <translation>完成</translation>
    </message>
    <message>
        <source>Another program works on it.</source>
        <translation>另一个程序正在处理。</translation>
    </message>
    <message>
        <source>Pause</source>
        <translation>暂停</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation>取消</translation>
    </message>
    <message>
        <source>Go on</source>
        <translation>继续</translation>
    </message>
    <message>
        <source>Chat</source>
        <translation>聊天</translation>
    </message>
    <message>
        <source>Starting Ollama …</source>
        <translation>正在启动 Ollama…</translation>
    </message>
</context>
<context>
    <name>ModelCard</name>
    <message>
        <source>Works</source>
        <translation>可用</translation>
    </message>
    <message>
        <source>Not yet</source>
        <translation>暂不支持</translation>
    </message>
    <message>
        <source>Merged into</source>
        <translation>合并到</translation>
    </message>
    <message>
        <source>Conversation memory</source>
        <translation>对话记忆长度</translation>
    </message>
    <message>
        <source>Licence</source>
        <translation>许可证</translation>
    </message>
    <message>
        <source>not stated</source>
        <translation>未注明</translation>
    </message>
    <message>
        <source>Sees pictures</source>
        <translation>能看图片</translation>
    </message>
    <message>
        <source>yes</source>
        <translation>是</translation>
    </message>
    <message>
        <source>Terms</source>
        <translation>条款</translation>
    </message>
    <message>
        <source>The author asks you to accept terms first</source>
        <translation>需先同意作者条款</translation>
    </message>
    <message>
        <source>Details</source>
        <translation>详细信息</translation>
    </message>
    <message>
        <source>Architecture</source>
        <translation>架构</translation>
    </message>
    <message>
        <source>Tokenizer</source>
        <translation>分词器</translation>
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
        <source>Chat template</source>
        <translation>对话模板</translation>
    </message>
    <message>
        <source>present</source>
        <translation>有</translation>
    </message>
    <message>
        <source>none</source>
        <translation>无</translation>
    </message>
    <message>
        <source>Picture reader</source>
        <translation>图片读取组件</translation>
    </message>
    <message>
        <source>Made from</source>
        <translation>基于</translation>
    </message>
</context>
<context>
    <name>MoreSources</name>
    <message>
        <source>An add-on (LoRA)</source>
        <translation>微调附加包（LoRA）</translation>
    </message>
    <message>
        <source>A small folder with adapter_config.json. It is merged into its base model.</source>
        <translation>含 adapter_config.json 的小文件夹，会合并到它的基础模型中。</translation>
    </message>
    <message>
        <source>A model that is here already</source>
        <translation>已有的模型</translation>
    </message>
    <message>
        <source>In Ollama or the built-in engine: make it smaller, or take it to the other one.</source>
        <translation>在 Ollama 或内置引擎中的模型：缩小体积，或移到另一个引擎。</translation>
    </message>
</context>
<context>
    <name>OriginalOffer</name>
    <message>
        <source>The original file is still there too ({size}).</source>
        <translation>原文件也还在（{size}）。</translation>
    </message>
    <message>
        <source>Move it to the bin</source>
        <translation>移到回收站</translation>
    </message>
    <message>
        <source>Move the original file to the bin?</source>
        <translation>把原文件移到回收站？</translation>
    </message>
    <message>
        <source>{path}

Modelyard keeps its own copy. {size} become free when the bin is emptied.</source>
        <translation>{path}

Modelyard 保留着自己的副本。清空回收站后可释放 {size}。</translation>
    </message>
    <message>
        <source>Move to the bin</source>
        <translation>移到回收站</translation>
    </message>
    <message>
        <source>Keep</source>
        <translation>保留</translation>
    </message>
    <message>
        <source>The original is in the bin.</source>
        <translation>原文件已移到回收站。</translation>
    </message>
</context>
<context>
    <name>ProgressPage</name>
    <message>
        <source>Pause</source>
        <translation>暂停</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation>取消</translation>
    </message>
    <message>
        <source>You can leave this page; it goes on in Imports. If you close Modelyard, it goes on at the next start.</source>
        <translation>可以离开此页，导入会在“导入”页继续。关闭 Modelyard 后，下次启动时可以继续。</translation>
    </message>
    <message>
        <source>Importing {name}</source>
        <translation>正在导入 {name}</translation>
    </message>
    <message>
        <source>Go on</source>
        <translation>继续</translation>
    </message>
    <message>
        <source>Starting Ollama …</source>
        <translation>正在启动 Ollama…</translation>
    </message>
</context>
<context>
    <name>RepairChoice</name>
    <message>
        <source>Repair it in a copy</source>
        <translation>在副本中修复</translation>
    </message>
    <message>
        <source>Your own file is never changed.</source>
        <translation>你自己的文件绝不会被改动。</translation>
    </message>
</context>
<context>
    <name>RolePage</name>
    <message>
        <source>Name</source>
        <translation>名称</translation>
    </message>
    <message>
        <source>Name and role</source>
        <translation>名称与角色</translation>
    </message>
    <message>
        <source>Both can be changed later. To leave them as they are, press Import.</source>
        <translation>两者以后都能更改；不想改就直接点“导入”。</translation>
    </message>
    <message>
        <source>Who should it be?</source>
        <translation>它该是谁？</translation>
    </message>
    <message>
        <source>Import</source>
        <translation>导入</translation>
    </message>
    <message>
        <source>Planning …</source>
        <translation>正在规划…</translation>
    </message>
    <message>
        <source>Starting Ollama …</source>
        <translation>正在启动 Ollama…</translation>
    </message>
    <message>
        <source>Technical name: {name}</source>
        <translation>技术名称：{name}</translation>
    </message>
    <message>
        <source>As it comes</source>
        <translation>保持原样</translation>
    </message>
    <message>
        <source>The way its author made it.</source>
        <translation>按作者的设定。</translation>
    </message>
</context>
<context>
    <name>SizeChoice</name>
    <message>
        <source>More sizes</source>
        <translation>更多体积</translation>
    </message>
</context>
<context>
    <name>SizeRow</name>
    <message>
        <source>Recommended for this computer</source>
        <translation>推荐用于这台电脑</translation>
    </message>
    <message>
        <source>{size} on disk</source>
        <translation>占用磁盘 {size}</translation>
    </message>
    <message>
        <source>{size} to download</source>
        <translation>需下载 {size}</translation>
    </message>
    <message>
        <source>about {time} to prepare</source>
        <translation>准备约需 {time}</translation>
    </message>
    <message>
        <source>Memory when it runs: {total} = model {weights} + conversation {talk} + working space {rest}</source>
        <translation>运行时内存：{total} = 模型 {weights} + 对话 {talk} + 工作区 {rest}</translation>
    </message>
</context>
<context>
    <name>SourcePage</name>
    <message>
        <source>A ready-to-run file</source>
        <translation>可直接运行的文件</translation>
    </message>
    <message>
        <source>One file that ends in .gguf. It is used as it is.</source>
        <translation>一个以 .gguf 结尾的文件，原样使用。</translation>
    </message>
    <message>
        <source>A model folder</source>
        <translation>模型文件夹</translation>
    </message>
    <message>
        <source>With safetensors or PyTorch files, as trained or downloaded.</source>
        <translation>内含 safetensors 或 PyTorch 文件，训练得到或下载的都行。</translation>
    </message>
    <message>
        <source>A Hugging Face name or link</source>
        <translation>Hugging Face 名称或链接</translation>
    </message>
    <message>
        <source>Modelyard fetches exactly what is needed.</source>
        <translation>Modelyard 只下载需要的部分。</translation>
    </message>
    <message>
        <source>Name, link or path, for example Qwen/Qwen2.5-0.5B-Instruct</source>
        <translation>名称、链接或路径，例如 Qwen/Qwen2.5-0.5B-Instruct</translation>
    </message>
    <message>
        <source>Hugging Face name, link or path</source>
        <translation>Hugging Face 名称、链接或路径</translation>
    </message>
    <message>
        <source>Check</source>
        <translation>检查</translation>
    </message>
    <message>
        <source>Or drop it anywhere on this window</source>
        <translation>或拖到此窗口的任意位置</translation>
    </message>
    <message>
        <source>Nothing is changed or moved before you say so.</source>
        <translation>在你确认之前，不会改动或移动任何东西。</translation>
    </message>
    <message>
        <source>What do you have?</source>
        <translation>你手上有什么？</translation>
    </message>
    <message>
        <source>Modelyard brings it home, so that you can talk to it on this computer.</source>
        <translation>Modelyard 会带它回家，让你在这台电脑上与它对话。</translation>
    </message>
    <message>
        <source>More</source>
        <translation>更多</translation>
    </message>
    <message>
        <source>Choose a model file</source>
        <translation>选择模型文件</translation>
    </message>
    <message>
        <source>Models (*.gguf *.zip);;All files (*)</source>
        <translation>模型 (*.gguf *.zip);;所有文件 (*)</translation>
    </message>
    <message>
        <source>Choose a model folder</source>
        <translation>选择模型文件夹</translation>
    </message>
</context>
<context>
    <name>StepRow</name>
    <message>
        <source>{done} of {total}</source>
        <translation>{done} / {total}</translation>
    </message>
    <message>
        <source>{speed}/s</source>
        <translation>{speed}/秒</translation>
    </message>
    <message>
        <source>{n} tokens</source>
        <translation>{n} 个词元</translation>
    </message>
    <message>
        <source>{time} left</source>
        <translation>剩余 {time}</translation>
    </message>
</context>
</TS>
