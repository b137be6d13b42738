<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="zh_CN" sourcelanguage="en">
<context>
    <name>ApplyDialog</name>
    <message>
        <source>Make a model of this persona</source>
        <translation>用这个角色创建模型</translation>
    </message>
    <message>
        <source>Base model</source>
        <translation>基础模型</translation>
    </message>
    <message>
        <source>The base model stays as it is; both share their weights on disk where the engine can.</source>
        <translation>基础模型保持不变；引擎支持时，两者在磁盘上共用同一份权重。</translation>
    </message>
    <message>
        <source>Create</source>
        <translation>创建</translation>
    </message>
    <message>
        <source>Name</source>
        <translation>名称</translation>
    </message>
    <message>
        <source>Technical name</source>
        <translation>技术名称</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation>取消</translation>
    </message>
    <message>
        <source>Give it to “{name}” instead</source>
        <translation>改为应用到“{name}”</translation>
    </message>
</context>
<context>
    <name>CreativityField</name>
    <message>
        <source>Model&apos;s own</source>
        <translation>使用模型默认</translation>
    </message>
    <message>
        <source>What is rain?</source>
        <translation>雨是什么？</translation>
    </message>
    <message>
        <source>A name for my cat?</source>
        <translation>给我的猫起个名字？</translation>
    </message>
    <message>
        <source>matter-of-fact</source>
        <translation>实事求是</translation>
    </message>
    <message>
        <source>surprising</source>
        <translation>出人意料</translation>
    </message>
    <message>
        <source>model&apos;s own, usually {value}</source>
        <translation>模型默认，通常为 {value}</translation>
    </message>
    <message>
        <source>Rain is water that falls from clouds.</source>
        <translation>雨是从云里落下来的水。</translation>
    </message>
    <message>
        <source>Rain is what happens when clouds can no longer hold their water.</source>
        <translation>云托不住水了，就下雨了。</translation>
    </message>
    <message>
        <source>Rain is the sky giving back what it borrowed from the sea.</source>
        <translation>雨，是天空把向大海借的水还回去。</translation>
    </message>
    <message>
        <source>Rain? Ten thousand tiny drummers, rehearsing on every roof in town.</source>
        <translation>雨？那是一万名小鼓手在全城的屋顶上排练。</translation>
    </message>
    <message>
        <source>Rain is Tuesday humming silver fish through the keyhole of the clouds!</source>
        <translation>雨是星期二从云的钥匙孔里哼出来的一群银鱼！</translation>
    </message>
    <message>
        <source>Kitty.</source>
        <translation>咪咪。</translation>
    </message>
    <message>
        <source>Marmalade.</source>
        <translation>橘子酱。</translation>
    </message>
    <message>
        <source>Captain Whiskers.</source>
        <translation>胡须船长。</translation>
    </message>
    <message>
        <source>Duchess Pancake of the Warm Windowsill.</source>
        <translation>暖窗台的煎饼公爵夫人。</translation>
    </message>
    <message>
        <source>Zibble von Thursday-Comet the Ninth and a Half.</source>
        <translation>星期四彗星家的第九点五世吱波勋爵。</translation>
    </message>
</context>
<context>
    <name>EditorHead</name>
    <message>
        <source>Save</source>
        <translation>保存</translation>
    </message>
    <message>
        <source>Chat now</source>
        <translation>开始聊天</translation>
    </message>
    <message>
        <source>Apply to a model</source>
        <translation>应用到模型</translation>
    </message>
    <message>
        <source>More</source>
        <translation>更多</translation>
    </message>
    <message>
        <source>Back to all personas</source>
        <translation>返回全部角色</translation>
    </message>
    <message>
        <source>A new persona</source>
        <translation>新角色</translation>
    </message>
    <message>
        <source>Not saved yet</source>
        <translation>尚未保存</translation>
    </message>
    <message>
        <source>Lives in {model}</source>
        <translation>已应用到 {model}</translation>
    </message>
    <message>
        <source>Saved</source>
        <translation>已保存</translation>
    </message>
    <message>
        <source>Nothing changed yet</source>
        <translation>尚未修改</translation>
    </message>
    <message>
        <source>Update {model}</source>
        <translation>更新 {model}</translation>
    </message>
    <message>
        <source>Giving it to the model …</source>
        <translation>正在应用到模型……</translation>
    </message>
    <message>
        <source>Undo</source>
        <translation>撤销</translation>
    </message>
    <message>
        <source>Redo</source>
        <translation>重做</translation>
    </message>
    <message>
        <source>Back to how it was opened</source>
        <translation>恢复到打开时的样子</translation>
    </message>
    <message>
        <source>Save as a file</source>
        <translation>另存为文件</translation>
    </message>
    <message>
        <source>Modelfile</source>
        <translation>Modelfile 文件</translation>
    </message>
    <message>
        <source>Character card with picture (PNG)</source>
        <translation>带图片的角色卡（PNG）</translation>
    </message>
    <message>
        <source>Character card (JSON)</source>
        <translation>角色卡（JSON）</translation>
    </message>
    <message>
        <source>LM Studio preset</source>
        <translation>LM Studio 预设</translation>
    </message>
    <message>
        <source>Open WebUI model</source>
        <translation>Open WebUI 模型</translation>
    </message>
    <message>
        <source>Show its folder</source>
        <translation>打开所在文件夹</translation>
    </message>
    <message>
        <source>Duplicate</source>
        <translation>复制一份</translation>
    </message>
    <message>
        <source>Delete</source>
        <translation>删除</translation>
    </message>
</context>
<context>
    <name>Gallery</name>
    <message>
        <source>My personas</source>
        <translation>我的角色</translation>
    </message>
    <message>
        <source>Kept as plain files; they can be given to any model.</source>
        <translation>以普通文件保存，可以应用到任何模型。</translation>
    </message>
    <message>
        <source>Personas of the models</source>
        <translation>各模型当前的角色</translation>
    </message>
    <message>
        <source>Who the installed models are just now.</source>
        <translation>已安装的模型现在各自是谁。</translation>
    </message>
    <message>
        <source>Starters</source>
        <translation>现成角色</translation>
    </message>
    <message>
        <source>Open one, change what you like, apply it to a model.</source>
        <translation>打开一个，随意修改，再应用到模型。</translation>
    </message>
</context>
<context>
    <name>HelpStrip</name>
    <message>
        <source>Mistakes and remarks</source>
        <translation>错误与提示</translation>
    </message>
    <message>
        <source>usually {value}</source>
        <translation>通常为 {value}</translation>
    </message>
    <message>
        <source>Ctrl+Space shows what can be written here.</source>
        <translation>按 Ctrl+空格 查看这里可以写什么。</translation>
    </message>
    <message>
        <source>Line {n}: </source>
        <translation>第 {n} 行：</translation>
    </message>
</context>
<context>
    <name>IdentityField</name>
    <message>
        <source>For example: Mario</source>
        <translation>例如：马力欧</translation>
    </message>
    <message>
        <source>Name</source>
        <translation>名称</translation>
    </message>
    <message>
        <source>Choose a picture</source>
        <translation>选择图片</translation>
    </message>
    <message>
        <source>Remove picture</source>
        <translation>移除图片</translation>
    </message>
</context>
<context>
    <name>Keeper</name>
    <message>
        <source>{name} is ready.</source>
        <translation>{name} 已就绪。</translation>
    </message>
</context>
<context>
    <name>MemoryField</name>
    <message>
        <source>Automatic</source>
        <translation>自动</translation>
    </message>
    <message>
        <source>automatic</source>
        <translation>自动</translation>
    </message>
    <message>
        <source>{n} tokens</source>
        <translation>{n} 个词元</translation>
    </message>
    <message>
        <source>{total} of memory: model {weights} + conversation {conversation} + program {program}</source>
        <translation>共需内存 {total}：模型 {weights} + 对话 {conversation} + 程序 {program}</translation>
    </message>
    <message>
        <source>{total} are needed, this computer has {have}. Choose a shorter memory or a smaller model.</source>
        <translation>需要 {total}，而这台电脑只有 {have}。请缩短对话记忆，或换用更小的模型。</translation>
    </message>
</context>
<context>
    <name>MessagesField</name>
    <message>
        <source>Add a question and an answer</source>
        <translation>添加一问一答</translation>
    </message>
    <message>
        <source>{n} more stand in the Modelfile at the right.</source>
        <translation>另有 {n} 条，请在右侧 Modelfile 中查看。</translation>
    </message>
</context>
<context>
    <name>PersonaEditor</name>
    <message>
        <source>Mend the underlined mistake first.</source>
        <translation>请先改正带下划线的错误。</translation>
    </message>
    <message>
        <source>New persona</source>
        <translation>新建角色</translation>
    </message>
    <message>
        <source>{name} (copy)</source>
        <translation>{name}（副本）</translation>
    </message>
    <message>
        <source>this persona</source>
        <translation>这个角色</translation>
    </message>
    <message>
        <source>Its files are removed. Models that have it keep it.</source>
        <translation>将删除它的文件。已应用此角色的模型不受影响。</translation>
    </message>
    <message>
        <source>Delete {name}?</source>
        <translation>删除“{name}”？</translation>
    </message>
    <message>
        <source>Delete</source>
        <translation>删除</translation>
    </message>
    <message>
        <source>Keep</source>
        <translation>保留</translation>
    </message>
    <message>
        <source>Saved as {name}.</source>
        <translation>已保存为 {name}。</translation>
    </message>
    <message>
        <source>Saved as {name}. Such files cannot hold everything.</source>
        <translation>已保存为 {name}。这种文件无法容纳全部内容。</translation>
    </message>
</context>
<context>
    <name>PersonaForm</name>
    <message>
        <source>More settings</source>
        <translation>更多设置</translation>
    </message>
    <message>
        <source>Expert</source>
        <translation>专家选项</translation>
    </message>
</context>
<context>
    <name>Personas</name>
    <message>
        <source>Open a persona</source>
        <translation>打开角色</translation>
    </message>
    <message>
        <source>Personas (Modelfile, character card, preset)</source>
        <translation>角色文件（Modelfile、角色卡、预设）</translation>
    </message>
    <message>
        <source>Choose a picture</source>
        <translation>选择图片</translation>
    </message>
    <message>
        <source>Pictures</source>
        <translation>图片</translation>
    </message>
    <message>
        <source>Save the persona as a file</source>
        <translation>将角色另存为文件</translation>
    </message>
</context>
<context>
    <name>PersonasView</name>
    <message>
        <source>Personas</source>
        <translation>角色</translation>
    </message>
    <message>
        <source>Who a model is and how it answers.</source>
        <translation>模型是谁、如何回答。</translation>
    </message>
    <message>
        <source>Open a file</source>
        <translation>打开文件</translation>
    </message>
    <message>
        <source>New persona</source>
        <translation>新建角色</translation>
    </message>
    <message>
        <source>Looking for personas …</source>
        <translation>正在查找角色……</translation>
    </message>
</context>
<context>
    <name>RoleField</name>
    <message>
        <source>You are Mario from Super Mario Bros. You speak in short, lively sentences …</source>
        <translation>你是《超级马力欧兄弟》里的马力欧，说话简短而活泼……</translation>
    </message>
    <message>
        <source>This text is very long. Edit it in the Modelfile at the right.</source>
        <translation>这段文字很长，请在右侧 Modelfile 中编辑。</translation>
    </message>
</context>
<context>
    <name>SettingsField</name>
    <message>
        <source>usually {value}</source>
        <translation>通常为 {value}</translation>
    </message>
</context>
<context>
    <name>StopField</name>
    <message>
        <source>One a line, for example:
User:</source>
        <translation>每行一个，例如：
用户：</translation>
    </message>
</context>
<context>
    <name>TextEditor</name>
    <message>
        <source>Modelfile text</source>
        <translation>Modelfile 文本</translation>
    </message>
    <message>
        <source>Ctrl+Space offers words, Ctrl+Tab goes to the next field.</source>
        <translation>Ctrl+空格 提供补全，Ctrl+Tab 跳到下一个控件。</translation>
    </message>
    <message>
        <source>Suggestions</source>
        <translation>补全建议</translation>
    </message>
</context>
<context>
    <name>TryPane</name>
    <message>
        <source>Model to try it with</source>
        <translation>用来试用的模型</translation>
    </message>
    <message>
        <source>Start over</source>
        <translation>重新开始</translation>
    </message>
    <message>
        <source>Try it</source>
        <translation>试一试</translation>
    </message>
    <message>
        <source>Trial conversation</source>
        <translation>试用对话</translation>
    </message>
    <message>
        <source>Ask something: it answers with what stands above, saved or not.</source>
        <translation>问点什么：它会按上面的内容回答，无论是否已保存。</translation>
    </message>
    <message>
        <source>Question</source>
        <translation>问题</translation>
    </message>
    <message>
        <source>Who are you?</source>
        <translation>你是谁？</translation>
    </message>
    <message>
        <source>Ask</source>
        <translation>提问</translation>
    </message>
    <message>
        <source>Stop</source>
        <translation>停止</translation>
    </message>
</context>
<context>
    <name>_Row</name>
    <message>
        <source>Speaker of message {n}</source>
        <translation>第 {n} 条消息的说话者</translation>
    </message>
    <message>
        <source>Text of message {n}</source>
        <translation>第 {n} 条消息的内容</translation>
    </message>
    <message>
        <source>Remove message {n}</source>
        <translation>删除第 {n} 条消息</translation>
    </message>
</context>
<context>
    <name>_SwitchRow</name>
    <message>
        <source>model&apos;s own</source>
        <translation>模型默认</translation>
    </message>
    <message>
        <source>Yes</source>
        <translation>是</translation>
    </message>
    <message>
        <source>No</source>
        <translation>否</translation>
    </message>
</context>
</TS>
