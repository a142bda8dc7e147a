# Starts continuous learning with a prompt: `help` lists its commands, `quit` ends it.
# Arguments go to `clara learn`, as in: start_continuous_learning.ps1 --config FILE
$clara = 'clara'
foreach ($file in 'clara.exe', 'bin\clara.exe', 'clara', 'bin/clara') {
    $path = Join-Path $PSScriptRoot $file
    if (Test-Path -PathType Leaf $path) { $clara = $path; break }
}
try { & $clara learn --interactive @args } catch { Write-Error $_; exit 1 } # it could not be started
exit $LASTEXITCODE
