# A Packhorse environment for Windows: this script, a tar, and the program that unpacks it, the latter two in base64.
# Start it with: powershell -ExecutionPolicy Bypass -File environment.ps1
$ErrorActionPreference = 'Stop'
if ($args -contains '-h' -or $args -contains '--help') {
    Write-Host 'Unpacks the environment that is in this file to .\env and writes an activation script.'
    Write-Host ''
    Write-Host 'Usage: environment.ps1 [OPTIONS]'
    Write-Host '  -o, --output-directory DIR  Directory that gets the environment and the script [default: .]'
    Write-Host '  -e, --env-name NAME         Name of the environment''s directory [default: env]'
    Write-Host '  -s, --shell SHELL           Shell that the script is for: cmd, powershell, bash, ...'
    exit 0
}

# One line of base64 from where the file stands, in pieces: the whole would not fit into memory.
function Expand-Line([System.IO.Stream] $from, [string] $path) {
    $text = New-Object byte[] 4194304
    $to = [System.IO.File]::Create($path)
    try {
        do {
            $start = $from.Position
            $count = 0
            do {
                $read = $from.Read($text, $count, $text.Length - $count)
                $count += $read
            } while ($read -gt 0 -and $count -lt $text.Length)
            $piece = [System.Text.Encoding]::ASCII.GetString($text, 0, $count)
            $end = $piece.IndexOf([char] 13)
            if ($end -ge 0) {
                $piece = $piece.Substring(0, $end)
                $from.Position = $start + $end
            }
            $bytes = [System.Convert]::FromBase64String($piece)
            $to.Write($bytes, 0, $bytes.Length)
        } while ($end -lt 0 -and $count -gt 0)
    } finally {
        $to.Dispose()
    }
}

$place = Join-Path ([System.IO.Path]::GetTempPath()) ('packhorse-' + [System.Guid]::NewGuid())
$null = New-Item -ItemType Directory -Path $place
try {
    $archive = Join-Path $place 'archive.tar'
    $unpacker = Join-Path $place 'pixi-unpack.exe'
    $file = [System.IO.File]::OpenRead($PSCommandPath)
    try {
        $file.Position = @BYTES@
        Expand-Line $file $archive
        # The marker between the two, with its line ends.
        $file.Position += 19
        Expand-Line $file $unpacker
    } finally {
        $file.Dispose()
    }
    & $unpacker @args $archive
    $code = $LASTEXITCODE
} finally {
    Remove-Item -Recurse -Force $place
}
exit $code
