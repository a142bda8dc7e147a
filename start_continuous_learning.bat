@echo off
rem Starts continuous learning with a prompt: help lists its commands, quit ends it.
rem Arguments go to "clara learn", as in: start_continuous_learning.bat --config FILE
set "CLARA=clara"
if exist "%~dp0bin\clara.exe" set "CLARA=%~dp0bin\clara.exe"
if exist "%~dp0clara.exe" set "CLARA=%~dp0clara.exe"
"%CLARA%" learn --interactive %*
exit /b %ERRORLEVEL%
