; The installer for one person, without administrator rights. Compiled by packaging/build.py:
;   makensis -DVERSION=0.1.0 -DSOURCE=…\dist\modelyard -DOUTPUT=…\Modelyard-0.1.0-setup.exe -DICON=…\modelyard.ico
;            -DSIGN=command-that-signs-the-uninstaller installer.nsi
Unicode true
!include "MUI2.nsh"
!include "FileFunc.nsh"
!include "LogicLib.nsh"

!define NAME "Modelyard"
!define KEY "Software\Microsoft\Windows\CurrentVersion\Uninstall\${NAME}"
!define CLASS "Modelyard.gguf"

Name "${NAME}"
OutFile "${OUTPUT}"
InstallDir "$LOCALAPPDATA\Programs\${NAME}"
InstallDirRegKey HKCU "Software\${NAME}" "InstallDir"
RequestExecutionLevel user
!ifdef SIGN
  !uninstfinalize '${SIGN} "%1"' = 0
!endif
SetCompressor /SOLID lzma
ManifestDPIAware true
VIProductVersion "${VERSION}.0"
VIAddVersionKey /LANG=0 "ProductName" "${NAME}"
VIAddVersionKey /LANG=0 "FileVersion" "${VERSION}"
VIAddVersionKey /LANG=0 "FileDescription" "${NAME} setup"
VIAddVersionKey /LANG=0 "LegalCopyright" "Apache-2.0"

!define MUI_ICON "${ICON}"
!define MUI_UNICON "${ICON}"
!define MUI_FINISHPAGE_RUN "$INSTDIR\modelyard-window.exe"
; The language a person chose; the uninstaller speaks it too.
!define MUI_LANGDLL_REGISTRY_ROOT HKCU
!define MUI_LANGDLL_REGISTRY_KEY "Software\${NAME}"
!define MUI_LANGDLL_REGISTRY_VALUENAME "Language"
!insertmacro MUI_PAGE_WELCOME
!insertmacro MUI_PAGE_DIRECTORY
!insertmacro MUI_PAGE_INSTFILES
!insertmacro MUI_PAGE_FINISH
!insertmacro MUI_UNPAGE_CONFIRM
!insertmacro MUI_UNPAGE_INSTFILES
!insertmacro MUI_LANGUAGE "English"
!insertmacro MUI_LANGUAGE "SimpChinese"

LangString OPEN_WITH ${LANG_ENGLISH} "Open with Modelyard"
LangString OPEN_WITH ${LANG_SIMPCHINESE} "用 Modelyard 打开"
LangString GGUF_FILE ${LANG_ENGLISH} "GGUF language model"
LangString GGUF_FILE ${LANG_SIMPCHINESE} "GGUF 语言模型"
LangString RUNNING ${LANG_ENGLISH} "Modelyard is running. Please close it, then try again."
LangString RUNNING ${LANG_SIMPCHINESE} "Modelyard 正在运行。请先关闭它，然后重试。"
LangString MODELS_STAY ${LANG_ENGLISH} "Your models and conversations stay where they are:"
LangString MODELS_STAY ${LANG_SIMPCHINESE} "你的模型和对话会保留在："

Function .onInit
  !insertmacro MUI_LANGDLL_DISPLAY
FunctionEnd

; A program that runs cannot be replaced or removed: half of it would stay. Windows lets nobody write to its file.
!macro STOP_IF_OPEN FILE
  ${If} ${FileExists} "$INSTDIR\${FILE}"
    ClearErrors
    FileOpen $0 "$INSTDIR\${FILE}" a
    ${If} ${Errors}
      MessageBox MB_OK|MB_ICONEXCLAMATION "$(RUNNING)" /SD IDOK
      SetErrorLevel 3
      Quit
    ${EndIf}
    FileClose $0
  ${EndIf}
!macroend

Section "Modelyard"
  !insertmacro STOP_IF_OPEN "modelyard.exe"
  !insertmacro STOP_IF_OPEN "modelyard-window.exe"
  ; An older version goes first: files it had and we no longer have must not stay. Only the program's own folder.
  RMDir /r "$INSTDIR\_internal"
  SetOutPath "$INSTDIR"
  File /r "${SOURCE}/*.*"
  WriteUninstaller "$INSTDIR\uninstall.exe"
  CreateShortcut "$SMPROGRAMS\${NAME}.lnk" "$INSTDIR\modelyard-window.exe"
  WriteRegStr HKCU "Software\${NAME}" "InstallDir" "$INSTDIR"
  WriteRegStr HKCU "${KEY}" "DisplayName" "${NAME}"
  WriteRegStr HKCU "${KEY}" "DisplayVersion" "${VERSION}"
  WriteRegStr HKCU "${KEY}" "DisplayIcon" "$INSTDIR\modelyard-window.exe"
  WriteRegStr HKCU "${KEY}" "InstallLocation" "$INSTDIR"
  WriteRegStr HKCU "${KEY}" "UninstallString" '"$INSTDIR\uninstall.exe"'
  WriteRegStr HKCU "${KEY}" "QuietUninstallString" '"$INSTDIR\uninstall.exe" /S'
  WriteRegDWORD HKCU "${KEY}" "NoModify" 1
  WriteRegDWORD HKCU "${KEY}" "NoRepair" 1
  ${GetSize} "$INSTDIR" "/S=0K" $0 $1 $2
  WriteRegDWORD HKCU "${KEY}" "EstimatedSize" $0
  ; Offered beside whatever opens .gguf today, never taken over.
  WriteRegStr HKCU "Software\Classes\${CLASS}" "" "$(GGUF_FILE)"
  WriteRegStr HKCU "Software\Classes\${CLASS}\DefaultIcon" "" "$INSTDIR\modelyard-window.exe,0"
  WriteRegStr HKCU "Software\Classes\${CLASS}\shell\open" "" "$(OPEN_WITH)"
  WriteRegStr HKCU "Software\Classes\${CLASS}\shell\open\command" "" '"$INSTDIR\modelyard-window.exe" "%1"'
  WriteRegStr HKCU "Software\Classes\.gguf\OpenWithProgids" "${CLASS}" ""
  System::Call 'shell32::SHChangeNotify(i 0x08000000, i 0, p 0, p 0)'
SectionEnd

Function un.onInit
  !insertmacro MUI_UNGETLANGUAGE
FunctionEnd

Section "Uninstall"
  !insertmacro STOP_IF_OPEN "modelyard.exe"
  !insertmacro STOP_IF_OPEN "modelyard-window.exe"
  RMDir /r "$INSTDIR\_internal"
  Delete "$INSTDIR\modelyard.exe"
  Delete "$INSTDIR\modelyard-window.exe"
  Delete "$INSTDIR\LICENSE"
  Delete "$INSTDIR\uninstall.exe"
  RMDir "$INSTDIR"
  Delete "$SMPROGRAMS\${NAME}.lnk"
  DeleteRegValue HKCU "Software\Classes\.gguf\OpenWithProgids" "${CLASS}"
  DeleteRegKey HKCU "Software\Classes\${CLASS}"
  DeleteRegKey HKCU "Software\${NAME}"
  DeleteRegKey HKCU "${KEY}"
  System::Call 'shell32::SHChangeNotify(i 0x08000000, i 0, p 0, p 0)'
  IfSilent +2
  MessageBox MB_OK "$(MODELS_STAY)$\r$\n$LOCALAPPDATA\Modelyard"
SectionEnd
